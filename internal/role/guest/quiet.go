package guest

import (
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// Most of what a program closes are files that it has opened itself, and of those on local file
// systems the kernel has nothing to say at that moment: only a file system's flush can make a close fail
// (close(2)), and these have none. Home tells of such a file when it has been opened (wire.AheadFile). To close it the
// program does not wait: home hears of it at once, in its place among all that the process says. So the number is free for
// the next call, whoever waits for a lock or a lease gets it, and who looks finds it closed, as if the program had
// been a little slower.
//
// A number may become another description's by many calls: after any that is not known to leave the numbers alone
// (descriptors.Keeps), fcntl(2) among them, nothing is quiet that was opened before.

// closable are those descriptors. Guarded by body.mu.
type closable map[int]struct{}

// opens notes one that has just been opened.
func (q *closable) opens(fd int) {
	if *q == nil {
		*q = make(closable)
	}
	if len(*q) < maxQuiet {
		(*q)[fd] = struct{}{}
	}
}

// closes notes that the number is free, or another description's.
func (q closable) closes(fd int) { delete(q, fd) }

// maxQuiet bounds what home can have remembered.
const maxQuiet = 1024

// closesQuietly ends a close whose result is known, and tells home. Precondition: b.mu is held.
func (s *strand) closesQuietly(p *pending) bool {
	b, fd := s.b, int(int32(p.args[0]))
	if _, is := b.closable[fd]; p.nr != unix.SYS_CLOSE || !is || !b.mayGoOn() {
		return false
	}
	switch f := b.ahead; {
	case f == nil:
	case f.FD == fd && f.current():
		return false // fromAhead tells home what was read as well
	case f.FD == fd, f.here != nil: // what was opened here got its number beside this one
		b.behind(s.t.Own, false)
	}
	b.tellWritten(s.t.Own)
	if b.wrote.credit.FD == fd {
		b.wrote.credit = wire.CreditMsg{}
	}
	if m := b.lastMapped; m != nil && m.fd == fd {
		b.lastMapped = nil
	}
	b.frees(fd)
	_ = b.g.along(wire.Behind, s.t.Own, wire.BehindMsg{FD: fd, Close: true}.Append(nil))
	b.arm()
	return true
}

package deputy

import (
	"errors"
	"strconv"

	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A shell's read takes one byte at a time from a pipe, since what it has read too much it could not give back. What
// is in the pipe goes ahead of such a read's reply, by tee(2), which takes nothing out; the guest's side gives out of it what
// fills whole reads, and says how much (Behind) before anything else. Then it is taken out here.
//
// Nobody can tell: as long as nobody else reads from the pipe, what is at its beginning stays there, and a read that finds all
// that it wants gives the same at any moment in between. A read that would be given less, or the end, is made at home.

const (
	mostPeeked = 4096 // of reads up to this much it is worth it
	firstPeek  = 64   // reads in a row before it is looked who else reads: that costs as much as some of them
	lastPeek   = 1 << 14
	leastStep  = 1 << 10
	mostStep   = 1 << 16 // a pipe as it is made has no more
)

// peeks is what is known of the pipe that a deputy's thread reads from by small pieces. The goroutine's own.
type peeks struct {
	fd       int
	at, sent uint64 // positions, counted from the first piece: what was taken out of those that went ahead, and where they end
	last     uint64 // the size of the newest piece
	step     int    // how much goes ahead
	wait     int    // reads before it is looked again
	looks    int    // ... who else has it: doubled each time
	since    int    // reads since that
	unused   int    // pieces in a row of which nothing was used
}

// peek sends what is in the pipe behind a read of count bytes that was given all of them.
func (d *deputy) peek(j job, fd, count int) {
	k := &d.peeks
	if k.fd != fd || k.step == 0 {
		*k = peeks{fd: fd, step: leastStep, looks: firstPeek}
	}
	k.since++
	if count > mostPeeked {
		return
	}
	if k.wait > 0 {
		k.wait--
		return
	}
	if !d.p.OneThread() || !d.mayReadAlone() {
		return
	}
	told := d.p.told.Load()
	its, inode := d.pipe(fd, unix.O_RDONLY)
	if its < 0 {
		k.wait = lastPeek
		return
	}
	defer func() { _ = unix.Close(its) }()
	if !d.readsAlone(inode) {
		return
	}
	k.turn()
	if k.wait > 0 {
		return
	}
	buf := d.p.s.pieces.take(k.step)
	defer d.p.s.pieces.give(buf)
	n := inPipe(its, buf)
	if n < count {
		return
	}
	f := wire.AheadFile{FD: fd, Pipe: true, Offset: k.sent}
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	if d.p.told.Load() != told {
		return
	}
	k.last, k.sent = uint64(n), k.sent+uint64(n)
	_ = j.link.conn.Along(wire.Ahead, uint64(uint32(d.t.Own)), f.Head(), buf[:n])
}

// turn makes the next piece as large as the one before was of use; what was not taken of that is in the pipe still.
func (k *peeks) turn() {
	left := k.sent - k.at
	switch {
	case k.last == 0:
	case left == 0:
		k.step, k.unused = min(2*k.step, mostStep), 0
	case left < k.last:
		k.step, k.unused = max(k.step/2, leastStep), 0
	default:
		if k.unused++; k.unused >= fewUnused {
			k.wait = min(1<<k.unused, mostRest)
		}
	}
	k.at, k.last = k.sent, 0
}

// pipe borrows a descriptor, if it is that of a pipe without a name, of bytes, and open in this way; else -1.
func (d *deputy) pipe(fd, mode int) (its int, inode uint64) {
	its, err := tracee.Borrow(d.p.PID, fd)
	if err != nil {
		return -1, 0
	}
	var st unix.Stat_t
	var fs unix.Statfs_t
	flags, err := unix.FcntlInt(uintptr(its), unix.F_GETFL, 0)
	if err != nil || flags&(unix.O_ACCMODE|unix.O_DIRECT) != mode || unix.Fstat(its, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO ||
		unix.Fstatfs(its, &fs) != nil || fs.Type != unix.PIPEFS_MAGIC {
		_ = unix.Close(its)
		return -1, 0
	}
	return its, st.Ino
}

// inPipe copies what is at the beginning of a pipe, and tells how much.
func inPipe(its int, buf []byte) int {
	var ends [2]int
	if unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return 0
	}
	defer func() { _, _ = unix.Close(ends[0]), unix.Close(ends[1]) }()
	there, err := unix.Tee(its, ends[1], len(buf), unix.SPLICE_F_NONBLOCK)
	if err != nil || there <= 0 {
		return 0
	}
	n, err := unix.Read(ends[0], buf[:there])
	if err != nil || int64(n) != there {
		return 0
	}
	return n
}

// mayReadAlone tells whether it is known of a pipe, or is to be found out now, that nobody else reads from it.
func (d *deputy) mayReadAlone() bool {
	s, k := &d.p.sharing, &d.peeks
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.passed && (s.pipe != 0 || k.since >= k.looks)
}

// readsAlone tells whether nobody else reads from the pipe. Others that write to it do not matter, unless what they write are
// packets (O_DIRECT), of which a read takes one, whole.
func (d *deputy) readsAlone(inode uint64) bool {
	p, s, k := d.p, &d.p.sharing, &d.peeks
	s.mu.Lock()
	known := s.pipe == inode
	s.mu.Unlock()
	if known || k.since < k.looks {
		return known
	}
	k.since, k.looks = 0, min(2*k.looks, lastPeek)
	d.relieve()
	if !p.nobodyHas(inode, func(flags uint32) bool { return flags&(unix.O_ACCMODE|unix.O_DIRECT) == unix.O_WRONLY }) {
		return false
	}
	s.mu.Lock()
	s.pipe = inode
	s.mu.Unlock()
	k.looks = firstPeek
	return true
}

// nobodyHas tells whether no other process has a descriptor of a pipe, but for those whose flags are harmless. It is looked
// twice: one that is given it by another meanwhile, which then lets go of it, is found the second time.
func (p *proc) nobodyHas(inode uint64, harmless func(flags uint32) bool) bool {
	name := "pipe:[" + strconv.FormatUint(inode, 10) + "]"
	for range 2 {
		if !p.nobodyElse(func(pid int) (bool, error) {
			return p.leads(pid, name, func(number int) (bool, error) {
				fd, err := p.Family.FS.FD(pid, number)
				return err != nil || !harmless(fd.Flags), nil
			})
		}) {
			return false
		}
	}
	return true
}

// takesOut takes out of a pipe what the process has read of what went ahead. It is there, and nobody else takes it.
func (d *deputy) takesOut(j job, m *wire.BehindMsg) {
	k := &d.peeks
	if k.fd != m.FD || m.Offset > k.sent {
		j.link.complain("more is read of a pipe than went ahead", "thread", d.t.Own)
		return
	}
	its, _ := d.pipe(m.FD, unix.O_RDONLY)
	if its < 0 {
		j.link.complain("what is no pipe is read as one", "thread", d.t.Own)
		return
	}
	defer func() { _ = unix.Close(its) }()
	for k.at < m.Offset {
		buf := d.p.s.pieces.take(int(m.Offset - k.at))
		n, err := unix.Preadv2(its, [][]byte{buf}, -1, unix.RWF_NOWAIT)
		d.p.s.pieces.give(buf)
		switch {
		case n > 0:
			k.at += uint64(n)
		case !errors.Is(err, unix.EINTR):
			d.p.s.log.Error("what a process has read of a pipe is not there any more", "process", d.p.Own, "bytes", m.Offset-k.at, "error", err)
			return
		}
	}
}

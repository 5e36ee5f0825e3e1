package guest

import (
	"openmosix/internal/model/descriptors"
	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A file of which home has told what it contains (wire.Readable) is opened, read and
// closed here: home hears of it only if it is still open when the process makes a
// call there. For that the number of its descriptor has to be known, which is the
// lowest free one.

// readables are the files that home has told of, by clean path. Guarded by Guest.mu.
type readables struct {
	files map[string]*readable
	bytes int
}

// readable is one of them.
type readable struct {
	wire.ReadableMsg
	place uint32 // in shown; 0: it is not there
}

// opened is what it gives a body that has opened it.
func (m *readable) opened(fd int, flags uint64) *aheadFile {
	return &aheadFile{
		AheadFile: wire.AheadFile{FD: fd, Complete: true, HasStat: true, Stat: m.Stat, Contents: m.Contents},
		fresh:     true,
		here:      &wire.OpenedMsg{Path: m.Path, Flags: flags, FD: fd, Dev: le.Uint64(m.Stat), Inode: le.Uint64(m.Stat[8:])},
	}
}

// Bounds of what home may have kept here.
const (
	maxReadables     = 4096
	maxReadableBytes = 64 << 20
)

// add takes a file, of which nothing else is known; one too many is not taken.
func (r *readables) add(m *readable) {
	if len(r.files) >= maxReadables || r.bytes+len(m.Contents) > maxReadableBytes {
		return
	}
	if r.files == nil {
		r.files = make(map[string]*readable)
	}
	r.files[m.Path] = m
	r.bytes += len(m.Contents)
}

// forget drops a file, and all below the name if it may be a directory, and gives those that bodies can see, by their places.
func (r *readables) forget(top string, directory bool) (seen map[uint32]*readable) {
	remove := func(m *readable) {
		if m == nil {
			return
		}
		r.bytes -= len(m.Contents)
		delete(r.files, m.Path)
		if m.place != 0 {
			if seen == nil {
				seen = map[uint32]*readable{}
			}
			seen[m.place] = m
		}
	}
	remove(r.files[top])
	if directory {
		for path, m := range r.files {
			if names.Below(path, top) {
				remove(m)
			}
		}
	}
	return seen
}

// readable takes what home tells of a file. Link reader.
func (g *Guest) readable(data []byte) {
	var m readable
	if err := wire.Decode(data, &m.ReadableMsg); err != nil || !names.Clean(m.Path) || !m.Sensible() {
		g.log.Warn("what a file contains is not understood", "error", err)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conceal(g.readables.forget(m.Path, false))
	g.readables.add(&m)
	g.learns()
}

// taken tells home of the files that bodies have open here and that are no longer
// what home has told: they are opened there now. Precondition: g.mu is held.
func (g *Guest) taken(top string, directory bool) {
	for _, b := range g.bodies {
		b.mu.Lock()
		if f := b.ahead; f != nil && f.here != nil && (f.here.Path == top || directory && names.Below(f.here.Path, top)) {
			b.behind(b.Own, false)
		}
		b.mu.Unlock()
	}
}

// opensHere opens a file that home has told of. False: home has to be asked.
func (s *strand) opensHere(p *pending, c *syscalls.Call) bool {
	flags, opens := names.OpensToRead(p.nr, p.args)
	if !opens {
		return false
	}
	switch fd := s.opensNow(p, c, flags); fd {
	case notHere:
		return false
	case withSlate:
		s.getsSlate(p)
	default:
		s.consider(p.nr, p.behind)
		s.b.answer(p.id, int64(fd))
	}
	return true
}

// What becomes of an open, else than that it gives a descriptor.
const (
	notHere   = -1 - iota // home has to be asked
	withSlate             // the body is to be given a slate, and then to make the call again
)

// opensNow is opensHere of a call that opens a file to read, but for the answer.
func (s *strand) opensNow(p *pending, c *syscalls.Call, flags uint64) (fd int) {
	g, b := s.b.g, s.b
	g.mu.Lock()
	defer g.mu.Unlock()
	if !b.sharesNames || len(g.readables.files) == 0 {
		return notHere
	}
	q, asks := names.Asks(p.nr, p.args)
	if !asks {
		return notHere
	}
	m := g.readables.files[s.pathOf(q, c)]
	if m == nil {
		return notHere
	}
	b.outdated()
	b.mu.Lock()
	s.show(m, pathIn(q, c))
	if f := b.ahead; f != nil && f.here == nil && len(f.Contents) == 0 && f.next == nil && !f.read {
		b.drop() // it is not worth more
	}
	fd, known := b.lowest.Next()
	if !known || !b.alone || b.ahead != nil || !b.mayGoOn() {
		b.mu.Unlock()
		return notHere
	}
	if b.wantsSlate() {
		b.mu.Unlock()
		return withSlate
	}
	b.takes(fd)
	b.ahead = m.opened(fd, flags)
	b.mu.Unlock()
	return fd
}

// numbers follows the descriptors of a body by the calls that were made at home.
// Precondition: b.mu is held.
func (b *body) numbers(nr int, args [6]uint64, ret int64) {
	switch {
	case !b.OneThread():
		b.forgetNumbers()
	case nr == unix.SYS_OPEN || nr == unix.SYS_OPENAT:
		if ret >= 0 {
			b.lowest.Opened(int(ret))
		}
	case nr == unix.SYS_CLOSE:
		if ret != -int64(unix.EBADF) { // any other error comes after it is free
			b.lowest.Closed(int(int32(args[0])))
			b.closable.closes(int(int32(args[0])))
		}
	}
}

// takes: the body has opened a file here, which has got the next number. Precondition: b.mu is held.
func (b *body) takes(fd int) {
	b.lowest.Opened(fd)
	b.foretold.renumbers(fd)
}

// frees: ... or closed one. Precondition: b.mu is held.
func (b *body) frees(fd int) {
	b.lowest.Closed(fd)
	b.closable.closes(fd)
	b.foretold.renumbers(fd)
}

// follows forgets what is known of the descriptors when a call may change them in a
// way that is not followed.
func (b *body) follows(nr int, args [6]uint64) {
	if nr == unix.SYS_OPEN || nr == unix.SYS_OPENAT || nr == unix.SYS_CLOSE || descriptors.Keeps(nr, args) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgetNumbers()
}

// forgetNumbers: a number may be another description's, or none's. Precondition: b.mu is held.
func (b *body) forgetNumbers() {
	b.lowest.Forget()
	b.closable = nil
}

package guest

import (
	"errors"
	"fmt"
	"os"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// known is a file mapped by a body: what it is at home, and what stands for it here.
type known struct {
	*source
	home     image.FileID
	dev, ino uint64 // here
}

// errTaken: the local file stands for another one of home's, which has the same
// contents. A mapping of it would not tell which of the two it shows.
var errTaken = errors.New("stands for another file already")

// remember notes what a source stands for.
func (g *Guest) remember(id image.FileID, s *source) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(s.file.Fd()), &st); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, k := range g.files {
		if k.dev == st.Dev && k.ino == st.Ino && (k.home.Dev != id.Dev || k.home.Ino != id.Ino) {
			return errTaken
		}
	}
	g.files = append(g.files, &known{source: s, home: id, dev: st.Dev, ino: st.Ino})
	return nil
}

// homeFiles translates the files a body's mappings show into what they are at home.
func (g *Guest) homeFiles(here []image.FileID) ([]image.FileID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]image.FileID, len(here))
next:
	for i, f := range here {
		for _, k := range g.files {
			if k.dev == f.Dev && k.ino == f.Ino {
				out[i] = k.home
				continue next
			}
		}
		return nil, fmt.Errorf("mapped file %s is not one of home's", f.Path)
	}
	return out, nil
}

// mmapFile maps a file while away: at home, so that the deputy's address space
// stays the process's and the errors are the kernel's, and here, from a local
// twin or from contents that home sends.
func (s *strand) mmapFile(p *pending) {
	flags, prot := p.args[3], p.args[2]
	switch {
	case flags&unix.MAP_HUGETLB != 0:
		s.comeHome(p, "the pool of huge pages is one machine's")
		return
	case flags&unix.MAP_LOCKED != 0 && s.b.locksAtHome(pageUp(p.args[1])):
		s.comeHome(p, lockedAtHome)
		return
	case flags&unix.MAP_LOCKED != 0:
		s.b.unlisted.Store(true)
		s.b.locks.Store(true)
	}
	if flags&unix.MAP_ANONYMOUS != 0 && (flags&mapType == unix.MAP_PRIVATE || flags&mapType == unix.MAP_DROPPABLE) {
		s.b.unlisted.Store(true)
		s.local(p)
		return
	}
	shared := flags&mapType == unix.MAP_SHARED || flags&mapType == unix.MAP_SHARED_VALIDATE
	if shared && prot&unix.PROT_WRITE != 0 {
		s.comeHome(p, "memory shared with a file is written at home")
		return
	}
	if flags&(unix.MAP_FIXED|unix.MAP_FIXED_NOREPLACE) != 0 && s.b.reserved(p.args[0], p.args[1]) {
		s.comeHome(p, takenPlace)
		return
	}
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		s.mapBoth(p, shared)
	}()
}

const mapType = 0xf // MAP_TYPE

func (s *strand) mapBoth(p *pending, shared bool) {
	g := s.b.g
	m, known := s.b.mapped(p, shared)
	outreaches := func() bool { return image.Outreaches(p.args[5], p.args[1], m.File.Size) }
	if known && !shared && outreaches() {
		m, known = s.b.mapped(p, true)
	}
	r := result{}
	if !known {
		r = s.ask(p, wire.MapFile, wire.Encode(wire.MapFileMsg{Serial: p.serial, FD: int(int32(p.args[4])), Off: p.args[5], Len: p.args[1], Used: s.b.used.Swap(0), Shared: shared}))
	}
	switch {
	case r.ret < 0:
		s.asksNoMore(p)
		s.finish(p, r.ret)
		return
	case !known && (len(r.outs) != 1 || wire.Decode(r.outs[0], &m) != nil):
		s.asksNoMore(p)
		s.finish(p, -int64(unix.EIO))
		return
	}
	shared = shared || outreaches()
	switch {
	case !m.Regular || shared && m.Writable:
		s.unenter(p)
		s.comeHomeFrom(p, "this file can only be mapped at home")
		return
	}
	s.b.maps(p, m, shared)
	f, err := s.contents(p, &m)
	if err != nil {
		g.log.Warn("file not mapped", "file", m.File.Path, "error", err)
		s.unenter(p)
		s.comeHomeFrom(p, "its contents could not be fetched")
		return
	}
	s.mapHere(p, f)
}

// unenter forgets a call whose sequence ends without an answer.
func (s *strand) unenter(p *pending) {
	s.mu.Lock()
	s.call = nil
	p.rpc = nil
	s.mu.Unlock()
}

// comeHomeFrom is comeHome for a call that was entered before.
func (s *strand) comeHomeFrom(p *pending, reason string) {
	b := s.b
	b.mu.Lock()
	b.held = append(b.held, p)
	b.mu.Unlock()
	_ = b.g.post(wire.NeedHome, b.Own, wire.Encode(wire.NeedHomeMsg{Nr: p.nr, Reason: reason}))
}

// contents finds or fetches what the mapping shows.
func (s *strand) contents(p *pending, m *wire.MappedMsg) (*source, error) {
	g := s.b.g
	src, err := g.sourceOf(&m.File)
	if err != nil {
		return nil, err
	}
	part := image.Range{Start: p.args[5], End: p.args[5] + pageUp(p.args[1])}
	if !src.local && g.wholly(&m.File, part.Len()) {
		part = image.Range{End: pageUp(m.File.Size)}
	}
	for _, r := range g.lacks(src, m.File.Size, part) {
		if err := s.fetch(p, src.file, r); err != nil {
			return nil, err
		}
		g.came(src, r)
	}
	g.offer(&m.File, src)
	return src, nil
}

// fetchChunk is how much is asked for at a time.
const fetchChunk = 1 << 20

// fetch fills memory with a part of home's file, read through the mapped descriptor.
func (s *strand) fetch(p *pending, f *os.File, r image.Range) error {
	for off := r.Start; off < r.End; off += fetchChunk {
		n := min(fetchChunk, r.End-off)
		c := &syscalls.Call{Nr: unix.SYS_PREAD64, Args: [6]uint64{p.args[4], 0, n, off},
			Segs: []syscalls.Segment{{Arg: 1, Size: uint32(n), Out: true, Back: syscalls.BackCount, Scale: 1}}}
		s.b.heard()
		s.mu.Lock()
		p.serial = s.b.g.serial.Add(1)
		s.mu.Unlock()
		head := make([]byte, wire.CallHead, 64)
		le.PutUint64(head, p.serial)
		got := s.ask(p, wire.Call, c.Append(head))
		if got.ret < 0 || len(got.outs) != 1 {
			return fmt.Errorf("read at %#x: %w", off, unix.Errno(-got.ret))
		}
		if got.ret == 0 {
			return nil
		}
		if _, err := f.WriteAt(got.outs[0], int64(off)); err != nil {
			return err
		}
	}
	return nil
}

// mapHere makes the mapping in the body and at home at one address: here the
// kernel chooses, there it is told.
func (s *strand) mapHere(p *pending, f *source) {
	s.mapFrom(p, f, func(at uint64) { s.mapAtHome(p, at) })
}

// mapFrom makes the mapping in the body and tells where it is.
func (s *strand) mapFrom(p *pending, f *source, made func(at uint64)) {
	s.inBody(p, func(t *tracedThread) (int64, error) {
		fd, err := s.b.g.give(s, f)
		if err != nil {
			return 0, err
		}
		ret, err := t.Call(unix.SYS_MMAP, p.args[0], p.args[1], p.args[2], p.args[3], uint64(fd), p.args[5])
		if err != nil {
			return 0, err
		}
		_, _ = t.Call(unix.SYS_CLOSE, uint64(fd))
		if ret > 0 || ret < -4095 {
			made(uint64(ret))
		}
		return ret, nil
	})
}

// mapAtHome has the mapping repeated in the deputy, at the same place, before the
// thread's next call there. What the deputy has there is older than the guest's
// own address space and goes; but if it is still needed, as the program has moved what is missing, it comes first.
func (s *strand) mapAtHome(p *pending, at uint64) {
	if f := s.b.fetching.Load(); f != nil && f.LeftFrom(image.Range{Start: at, End: at + pageUp(p.args[1])}) {
		_ = s.b.whole(never) // an error is the body's end
	}
	c := &syscalls.Call{Nr: unix.SYS_MMAP, Args: p.args}
	c.Args[0] = at
	c.Args[3] = p.args[3]&^(unix.MAP_FIXED_NOREPLACE|unix.MAP_LOCKED) | unix.MAP_FIXED
	if err := s.b.g.send(wire.Mapping, s.t.Own, c.Append(le.AppendUint64(nil, at))); err != nil {
		s.b.g.log.Debug("mapping not repeated", "error", err)
	}
}

// mappedFile is what home has said of a descriptor that was mapped: a loader maps
// each file several times, one after the other. It holds as long as the process
// makes no other call at home (see aheadFile). Guarded by body.mu.
type mappedFile struct {
	fd     int
	msg    wire.MappedMsg
	shared bool // home knows that what others write is to be seen
	until  time.Time
}

// mapped is what is known of the file behind a mapping's descriptor.
func (b *body) mapped(p *pending, shared bool) (wire.MappedMsg, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.lastMapped
	if f == nil || shared && !f.shared || f.fd != int(int32(p.args[4])) || time.Now().After(f.until) {
		return wire.MappedMsg{}, false
	}
	return f.msg, true
}

func (b *body) maps(p *pending, m wire.MappedMsg, shared bool) {
	if !b.OneThread() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.lastMapped; f == nil || shared && !f.shared {
		b.lastMapped = &mappedFile{fd: int(int32(p.args[4])), msg: m, shared: shared, until: time.Now().Add(aheadTime)}
	}
}

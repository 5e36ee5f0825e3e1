package guest

import (
	"os"

	"openmosix/internal/process/shortcut"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// worthSlate is how many calls of a body that it could make inside itself are answered here before it is given a slate, which
// costs as much as some twenty.
const worthSlate = 24

// slateNow gives a body that reads what has come ahead a slate, if it is to have one now, instead of
// answering the call.
func (s *strand) slateNow(p *pending) bool {
	g, b := s.b.g, s.b
	g.mu.Lock()
	b.mu.Lock()
	wants := b.ahead != nil && b.ahead.here == nil && b.mayRead() && b.wantsSlate()
	b.mu.Unlock()
	g.mu.Unlock()
	if wants {
		s.getsSlate(p)
	}
	return wants
}

// getsSlate has a body be given a slate, and the call made again. Preconditions are those of enter.
func (s *strand) getsSlate(p *pending) {
	if s.enter(p, true) {
		go func() {
			defer s.b.leave()
			s.given(p)
		}()
	}
}

// wantsSlate tells whether the body is to be given one now. Precondition: Guest.mu and b.mu are held.
func (b *body) wantsSlate() bool {
	s := &b.slate
	if s.tried || !b.shortcut || b.g.displayed.refused || b.borrows || b.kept.Load() != 0 || b.lacks() {
		return false
	}
	s.answered++
	s.tried = s.answered >= worthSlate
	return s.tried
}

// slatePage is what a slate takes.
const slatePage = 4096

// given gives a body whose thread waits in a call a slate, and what it can read, and has the call made again.
func (s *strand) given(p *pending) {
	b := s.b
	if err := s.mapSlate(p); err != nil {
		b.g.log.Error("a process cannot be given what it reads", "process", b.Own, "error", err)
		b.kill()
	}
}

// mapSlate is given, up to what goes wrong.
func (s *strand) mapSlate(p *pending) error {
	b, t := s.b, s.t
	files, pieces, memory, none := b.g.readMemory()
	s.unenter(p)
	h, err := t.HoldOne(stopLimit, s.passOn, func() { b.answer(p.id, -noIntr) })
	if err != nil {
		return err
	}
	if none != nil { // then it goes on without
		b.g.log.Warn("what processes read is read for them", "why", none)
		h.Release()
		return nil
	}
	defer func() { _ = memory.Close() }()
	ts := []*tracee.Thread{t}
	saved, err := h.Save(ts)
	if err != nil {
		return err
	}
	s.served.Store(true)
	if err := h.Park(t); err != nil {
		return err
	}
	if err := s.mapRead(files, memory); err != nil {
		return err
	}
	if err := h.Unpark(t); err != nil {
		return err
	}
	s.served.Store(false)
	if err := h.SetThreads(ts, saved); err != nil {
		return err
	}
	b.Slots.Free(t.Slot)
	h.Do(func() { t.Slot = nil })
	b.mu.Lock()
	b.slate.pieces = pieces
	b.mu.Unlock()
	h.Release()
	return nil
}

// mapRead maps into a parked body what it is to read, and its slate. Its children get nothing of it.
func (s *strand) mapRead(files, pieces *os.File) error {
	base, t := s.b.Base, s.t
	for _, m := range []struct {
		off, size uint64
		of        *os.File // nil: of its own
	}{
		{shortcut.FilesOff, shortcut.FilesSize, files}, {shortcut.PieceOff, shortcut.PieceSize, pieces}, {shortcut.SlateOff, slatePage, nil},
	} {
		fd, prot, flags := -1, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS
		if m.of != nil {
			var err error
			if fd, err = s.b.g.pass(s, m.of); err != nil {
				return err
			}
			prot, flags = unix.PROT_READ, unix.MAP_SHARED
		}
		if _, err := t.Must("map what is read", unix.SYS_MMAP, base+m.off, m.size, uint64(prot), uint64(flags|unix.MAP_FIXED_NOREPLACE), uint64(fd), 0); err != nil {
			return err
		}
		if fd >= 0 {
			_, _ = t.Call(unix.SYS_CLOSE, uint64(fd))
		}
		if _, err := t.Must("keep what is read from children", unix.SYS_MADVISE, base+m.off, m.size, unix.MADV_DONTFORK); err != nil {
			return err
		}
	}
	return nil
}

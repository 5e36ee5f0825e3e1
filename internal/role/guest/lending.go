package guest

import (
	"errors"
	"os"

	"openmosix/internal/model/image"
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
	wants := b.ahead != nil && b.ahead.here == nil && b.mayGoOn() && b.wantsSlate()
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
	if s.tried || !b.shortcut || b.g.displayed.refused || b.borrows || b.kept.Load() != 0 || b.waitsForPages() {
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

// mapSlate is given, up to what goes wrong. A body that can have no slate goes on without.
func (s *strand) mapSlate(p *pending) error {
	b, t := s.b, s.t
	r, none := b.g.readMemory()
	if none == nil && b.isBounded() {
		none = errors.New("its address space is limited")
	}
	if none == nil && b.locksNew() {
		none = errors.New("what is mapped in it is locked")
	}
	s.unenter(p)
	h, err := t.HoldOne(stopLimit, s.passOn, func() { b.answer(p.id, -noIntr) })
	if err == nil && none == nil {
		err = s.parkedFor(h, func(*image.Regs) (err error) {
			none, err = s.mapRead(r)
			return err
		})
	}
	_ = r.memory.Close()
	if none != nil || err != nil {
		r.pieces.Close()
	}
	if err != nil {
		return err
	}
	if none != nil {
		b.g.log.Debug("what a process reads is read for it", "process", b.Own, "why", none)
	} else {
		b.mu.Lock()
		b.slate.pieces = r.pieces
		b.mu.Unlock()
	}
	h.Release()
	return nil
}

// parkedFor does something while the held thread is parked, and puts it back where it was, with the registers that
// do leaves of those it had.
func (s *strand) parkedFor(h *tracee.Hold, do func(*image.Regs) error) error {
	ts := []*tracee.Thread{s.t}
	saved, err := h.Save(ts)
	if err != nil {
		return err
	}
	s.served.Store(true)
	if err := h.Park(s.t); err != nil {
		return err
	}
	if err := do(&saved[0].Regs); err != nil {
		return err
	}
	if err := h.Unpark(s.t); err != nil {
		return err
	}
	s.served.Store(false)
	if err := h.SetThreads(ts, saved); err != nil {
		return err
	}
	s.b.Slots.Free(s.t.Slot)
	h.Do(func() { s.t.Slot = nil })
	return nil
}

// inBody has a thread make calls of its supervisor's in place of one of the program's, of which do gives the
// result; -ERESTARTNOINTR: the thread makes its call again. Home has done its part by then: a body in which
// that cannot be done ends.
func (s *strand) inBody(p *pending, do func(*tracedThread) (int64, error)) {
	s.unenter(p)
	h, err := s.t.HoldOne(stopLimit, s.passOn, func() { s.b.answer(p.id, -noIntr) })
	if err == nil {
		err = s.parkedFor(h, func(r *image.Regs) error {
			ret, err := do(s.t)
			if err == nil && ret != -noIntr {
				r.Rax, r.OrigRax = uint64(ret), ^uint64(0)
			}
			return err
		})
	}
	if err != nil {
		s.b.g.log.Error("a call that home has made could not be made here", "process", s.b.Own, "call", p.nr, "error", err)
		s.b.kill()
		return
	}
	h.Release()
}

// isBounded tells whether the body's address space may have no room for what it is to read.
func (b *body) isBounded() bool {
	var l unix.Rlimit
	return unix.Prlimit(b.PID, unix.RLIMIT_AS, nil, &l) != nil || l.Cur != unix.RLIM_INFINITY
}

// mapRead maps into a parked body what it is to read, and its slate. Its children get nothing of it. refused: the
// kernel does not, and nothing is mapped.
func (s *strand) mapRead(r readMemory) (refused, err error) {
	base, t := s.b.Base, s.t
	call := func(nr int, args ...uint64) bool {
		if err != nil || refused != nil {
			return false
		}
		var ret int64
		if ret, err = t.Call(nr, args...); err == nil && ret < 0 && ret > -4096 {
			refused = unix.Errno(-ret)
		}
		return err == nil && refused == nil
	}
	all := []struct {
		off, size uint64
		of        *os.File // nil: of its own
	}{{shortcut.FilesOff, shortcut.FilesSize, r.files}, {shortcut.PieceOff, shortcut.PieceSize, r.memory}, {shortcut.SlateOff, slatePage, nil}}
	for _, m := range all {
		fd, prot, flags := -1, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS
		if m.of != nil {
			if fd, err = s.b.g.pass(s, m.of); err != nil {
				return nil, err
			}
			prot, flags = unix.PROT_READ, unix.MAP_SHARED
		}
		if call(unix.SYS_MMAP, base+m.off, m.size, uint64(prot), uint64(flags|unix.MAP_FIXED_NOREPLACE), uint64(fd), 0) {
			call(unix.SYS_MADVISE, base+m.off, m.size, unix.MADV_DONTFORK)
		}
		if fd >= 0 && err == nil {
			_, err = t.Call(unix.SYS_CLOSE, uint64(fd))
		}
		if err != nil || refused != nil {
			break
		}
	}
	if refused != nil && err == nil {
		for _, m := range all {
			if _, err = t.Call(unix.SYS_MUNMAP, base+m.off, m.size); err != nil {
				break
			}
		}
	}
	return refused, err
}

package guest

import (
	"fmt"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// What a process locks (mlock(2)) is locked here, by this kernel, with home's limit, which follows what home
// lets the process do. What this node lets its guests lock, the supervisor's own hard limit says.

// raiseLockLimit gives this process, and so each body until it has home's, all that this node allows, and tells how much
// that is.
func raiseLockLimit() (uint64, error) {
	var l unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &l)
	if err == nil {
		l.Cur = l.Max
		err = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &l)
	}
	if err != nil {
		return 0, fmt.Errorf("limit on locked memory: %w", err)
	}
	return l.Max, nil
}

// mayLock says why a process cannot come, if it has more locked than may be here, or could have by what it maps.
func (g *Guest) mayLock(img *image.Image) error {
	need := img.Locked()
	if need > g.lockable {
		return fmt.Errorf("%d kB of its memory are locked, and this node lets a guest lock %d kB (its daemon may not pass its own hard limit: ulimit -H -l)", need>>10, g.lockable>>10)
	}
	if img.LocksNew != 0 && img.Limits[unix.RLIMIT_MEMLOCK].Cur > g.lockable {
		return fmt.Errorf("all that it maps is locked (mlockall), as far as home allows, and this node lets a guest lock no more than %d kB (its daemon may not pass its own hard limit: ulimit -H -l)", g.lockable>>10)
	}
	return nil
}

// locksAtHome tells whether the body has to lock so much more at home: because that may be more than is allowed here, but
// not more than there, or because a filter of its own, which may forbid it, is there.
func (b *body) locksAtHome(more uint64) bool {
	b.mu.Lock()
	filtered, allowed := b.img.Filtered, b.img.Limits[unix.RLIMIT_MEMLOCK].Cur
	b.mu.Unlock()
	most := b.g.lockable
	if filtered || most >= allowed {
		return filtered
	}
	st, err := b.Family.FS.Status(b.PID)
	return err != nil || more > most || st.VmLck > most-more
}

const lockedAtHome = "what it may lock is known only at home"

// lock makes the memory of a body whose pages have come, but for those that are missing, locked as the
// image says. What it maps is locked from here on: nothing of the supervisor's comes after this.
func (s *strand) lock(img *image.Image, lacks []image.Range) error {
	if err := s.t.LockWhole(img.VMAs, lacks); err != nil {
		return err
	}
	return s.t.LockNew(img)
}

// locksNew tells whether the body has new mappings locked.
func (b *body) locksNew() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.img.LocksNew != 0
}

// mlock: mlock(2), mlock2(2).
func (s *strand) mlock(p *pending) {
	b := s.b
	if b.locksAtHome(pageUp(p.args[1]) + image.PageSize) {
		s.comeHome(p, lockedAtHome)
		return
	}
	b.unlisted.Store(true)
	b.locks.Store(true)
	s.local(p)
}

// mlockall: mlockall(2), munlockall(2). They mean what is the program's, which the kernel cannot tell from what the
// supervisor has in the body. That nothing is missing is waited for, as by what is locked.
func (s *strand) mlockall(p *pending) {
	if p.nr == unix.SYS_MLOCKALL && s.b.locksAtHome(s.b.lockedBy(p.args[0])) {
		s.comeHome(p, lockedAtHome)
		return
	}
	if !s.b.lacks() {
		s.mlockallWhole(p)
		return
	}
	go func() {
		if s.b.whole(never) == nil {
			s.mlockallWhole(p)
		}
	}()
}

// lockedBy is how much mlockall(2) may lock, and what comes after it.
func (b *body) lockedBy(flags uint64) uint64 {
	if flags&unix.MCL_FUTURE != 0 {
		return unix.RLIM_INFINITY
	}
	st, err := b.Family.FS.Status(b.PID)
	if err != nil {
		return 0 // it is ending
	}
	return st.VmSize - min(b.overhead(), st.VmSize)
}

func (s *strand) mlockallWhole(p *pending) {
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		if err := s.locksAll(p); err != nil {
			s.b.g.log.Error("memory could not be locked", "process", s.b.Own, "error", err)
			s.b.kill()
		}
	}()
}

func (s *strand) locksAll(p *pending) error {
	s.unenter(p)
	h, err := s.t.HoldOne(stopLimit, s.passOn, func() { s.b.answer(p.id, -noIntr) })
	if err != nil {
		return err
	}
	err = s.parkedFor(h, func(r *image.Regs) error {
		ret, err := s.lockAll(p)
		r.Rax, r.OrigRax = uint64(ret), ^uint64(0)
		return err
	})
	if err == nil {
		h.Release()
	}
	return err
}

// lockAll makes such a call in the parked body: natively, but for what is there.
func (s *strand) lockAll(p *pending) (ret int64, err error) {
	b, flags := s.b, p.args[0]&0xffffffff
	const all = unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT
	switch {
	case p.nr == unix.SYS_MUNLOCKALL:
		flags = 0
		ret, err = s.t.Call(unix.SYS_MUNLOCKALL)
	case flags&unix.MCL_CURRENT == 0 || flags&^all != 0:
		ret, err = s.t.Call(unix.SYS_MLOCKALL, flags)
	default:
		ret, err = s.lockPresent(flags)
	}
	if err != nil || ret != 0 {
		return ret, err
	}
	b.unlisted.Store(true)
	b.locks.Store(true)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.img.LocksNew = 0
	if flags&unix.MCL_FUTURE != 0 {
		b.img.LocksNew = uint8(flags &^ unix.MCL_CURRENT)
	}
	return 0, nil
}

// lockPresent locks all mappings of the program's, and new ones if that is asked for: mlockall(2).
func (s *strand) lockPresent(flags uint64) (int64, error) {
	b := s.b
	b.mu.Lock()
	limit, had := b.img.Limits[unix.RLIMIT_MEMLOCK].Cur, b.img.LocksNew
	b.mu.Unlock()
	st, err := b.Family.FS.Status(b.PID)
	if err != nil {
		return 0, err
	}
	switch size := st.VmSize - min(b.overhead(), st.VmSize); {
	case limit == 0:
		return -int64(unix.EPERM), nil
	case size > limit:
		return -int64(unix.ENOMEM), nil
	}
	switch {
	case flags&unix.MCL_FUTURE != 0:
		if ret, err := s.t.Call(unix.SYS_MLOCKALL, flags&^unix.MCL_CURRENT); err != nil || ret != 0 {
			return ret, err
		}
	case had != 0: // no call takes that alone back
		if ret, err := s.t.Call(unix.SYS_MUNLOCKALL); err != nil || ret != 0 {
			return ret, err
		}
	}
	vmas, _, err := b.Mappings(nil)
	if err != nil {
		return 0, err
	}
	vmas = b.asAtHome(vmas)
	for i := range vmas {
		v := &vmas[i]
		if v.Kind == image.Special {
			continue
		}
		// What of it cannot be had is none of the call's errors.
		if _, err := s.t.Call(unix.SYS_MLOCK2, v.Start, v.Len(), flags&unix.MCL_ONFAULT/unix.MCL_ONFAULT); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

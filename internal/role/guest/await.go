package guest

import (
	"errors"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// Waiting for signals by name: sigwaitinfo, sigtimedwait. The signals are
// pending here, in the body's own kernel, but in disguise; so the thread waits
// for its notification's answer, and when one of its signals is there it is
// stopped and made to take it.

// sigtimedwait waits for the signals of a set.
func (s *strand) sigtimedwait(p *pending) {
	c, errno := p.row.Gather(p.args, s.b.memory())
	if errno != 0 {
		s.b.answer(p.id, -int64(errno))
		return
	}
	set := segment(c, 0)
	if p.args[3] != 8 || len(set) < 8 {
		s.b.answer(p.id, -int64(unix.EINVAL))
		return
	}
	if p.args[2] != 0 {
		if _, ok := syscalls.Timespec(segment(c, 2)); !ok {
			s.b.answer(p.id, -int64(unix.EINVAL))
			return
		}
	}
	const neverTaken = 1<<(unix.SIGKILL-1) | 1<<(unix.SIGSTOP-1)
	p.call = c
	wanted := le.Uint64(set) &^ neverTaken
	s.shorten(p)
	if s.b.kept.Load()&wanted != 0 { // they are pending at home
		s.keep(wanted)
		if s.enter(p, false) {
			s.forward(p)
			s.notice(p)
		}
		return
	}
	p.await = wanted
	if !s.enter(p, false) {
		return
	}
	s.lookFor(p)
	if !p.until.IsZero() {
		timer := time.AfterFunc(time.Until(p.until), func() { s.awaitedLongEnough(p) })
		s.mu.Lock()
		if s.call == p {
			p.timer = timer
		} else {
			timer.Stop()
		}
		s.mu.Unlock()
	}
}

// lookFor ends a wait by name if one of its signals is pending, or breaks it
// off if another is to be delivered.
func (s *strand) lookFor(p *pending) {
	st, err := s.b.Family.FS.ThreadStatus(s.b.PID, s.t.TID)
	if err != nil {
		return
	}
	switch all := st.SigPnd | st.ShdPnd; {
	case all&p.await != 0:
		s.takeAwaited(p)
	case all&^st.SigBlk != 0:
		s.breakOff(p)
	}
}

// claim makes the caller the one who ends a wait by name.
func (s *strand) claim(p *pending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.call != p {
		return false
	}
	s.call = nil
	s.rest = p.left() // should it be made again
	if p.timer != nil {
		p.timer.Stop()
	}
	return true
}

// awaitedLongEnough: the time is over. A signal that is there is still taken.
func (s *strand) awaitedLongEnough(p *pending) {
	st, err := s.b.Family.FS.ThreadStatus(s.b.PID, s.t.TID)
	if err == nil && (st.SigPnd|st.ShdPnd)&p.await != 0 {
		s.takeAwaited(p)
		return
	}
	if s.claim(p) {
		s.mu.Lock()
		s.rest = rest{}
		s.mu.Unlock()
		s.b.answer(p.id, -int64(unix.EAGAIN))
	}
}

// breakOff lets the kernel decide about a signal that the wait is not for:
// EINTR if a handler runs, otherwise the wait goes on.
func (s *strand) breakOff(p *pending) {
	if !s.claim(p) {
		return
	}
	s.b.g.fam.Loop.Post(func() {
		_ = ptrace.Interrupt(s.t.TID)
		s.b.answer(p.id, noHand)
	})
}

// takeAwaited has the thread take a signal it waits for. While a freeze is
// coming the thread makes the call again where it is then.
func (s *strand) takeAwaited(p *pending) {
	b := s.b
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.freezing: // it has been broken off
	case b.want:
		if s.claim(p) {
			b.held = append(b.held, p)
		}
	case s.claim(p):
		b.busy++
		go func() {
			defer b.leave()
			if err := s.takeHere(p); err != nil {
				b.g.log.Debug("signal not taken", "thread", s.t.Own, "error", err)
			}
		}()
	}
}

// takeHere gives the program a signal it waits for. Another thread may have been
// quicker: then the call is made again for the rest of its time.
func (s *strand) takeHere(p *pending) error {
	return s.take(p, p.await, func(info ptrace.SigInfo, _ bool) (int64, bool) {
		s.mu.Lock()
		s.rest = rest{}
		s.mu.Unlock()
		s.b.overrunOf(&info)
		if p.args[1] != 0 && s.b.memory().Write(p.args[1], info[:]) != nil {
			return -int64(unix.EFAULT), true
		}
		return int64(info.Signal()), true
	}, nil)
}

// take stops a thread in its call and has it take pending signals of a set, by
// an injected call that does not wait, until got gives the call's result. When
// there is none any more, or the result is -ERESTARTNOINTR, the call is made
// again. last comes before the thread goes on.
func (s *strand) take(p *pending, set uint64, got func(info ptrace.SigInfo, direct bool) (int64, bool), last func()) error {
	b, t := s.b, s.t
	h, err := s.holdInCall(p)
	if err != nil {
		return err
	}
	saved, mask, slot, err := s.quieten(h)
	if err != nil {
		h.Release()
		return err
	}
	defer b.Slots.Free(slot)
	const setOff, infoOff = 16, 32
	w, at := slot.Window(), slot.WindowAddr()
	copy(w, make([]byte, setOff)) // no time
	next := saved
	for {
		le.PutUint64(w[setOff:], set)
		s.served.Store(true)
		var ret int64
		ret, err = h.Inject(t, saved.Rip-syscallLength, unix.SYS_RT_SIGTIMEDWAIT, at+setOff, at+infoOff, at, 8)
		s.served.Store(false)
		if err != nil || ret <= 0 {
			next.Rip, next.Rax = saved.Rip-syscallLength, saved.OrigRax
			break
		}
		var info ptrace.SigInfo
		copy(info[:], w[infoOff:])
		real, direct, ok := undisguise(info)
		if !ok && localOnly(int(ret)) {
			continue
		}
		if ok {
			b.homeTimers.takes(&real)
		}
		result, done := got(real, direct || !ok && b.ofThread(&real))
		if done && result == -noIntr {
			next.Rip, next.Rax = saved.Rip-syscallLength, saved.OrigRax
			break
		}
		if done {
			next.Rax = minus(result)
			break
		}
	}
	if last != nil {
		last()
	}
	next.OrigRax = ^uint64(0)
	h.LetGo(func() {
		_ = ptrace.SetRegs(t.TID, next)
		_ = ptrace.SetSigMask(t.TID, mask)
		_ = ptrace.Continue(t.TID, 0)
	})
	return err
}

// quieten blocks all signals of a thread that is held in its call, so that others can be injected there, and takes a slot
// for what they point to. saved and mask are as they were.
func (s *strand) quieten(h *tracee.Hold) (saved image.Regs, mask uint64, slot *stub.Slot, err error) {
	if slot = s.b.Slots.New(); slot == nil {
		return saved, mask, nil, errors.New("there is no room for the arguments of a call")
	}
	h.Do(func() {
		if saved, err = ptrace.Regs(s.t.TID); err == nil {
			if mask, err = ptrace.SigMask(s.t.TID); err == nil {
				err = ptrace.SetSigMask(s.t.TID, ^uint64(0))
			}
		}
	})
	if err != nil {
		s.b.Slots.Free(slot)
	}
	return saved, mask, slot, err
}

// awaiting tells whether a call waits for signals here.
func (p *pending) awaiting() bool {
	return p.row != nil && p.row.Handler == syscalls.HandleSigtimedwait && p.await != 0
}

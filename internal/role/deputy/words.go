package deputy

import (
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// died: a signal killed the guest. The process dies here of the same signal,
// so that its parent sees what it would have seen.
func (s *Supervisor) died(l *link, f frame) {
	var m wire.DiedMsg
	if err := wire.Decode(f.data, &m); err != nil || m.Signal < 1 || m.Signal > 64 {
		l.complain("bad word of a death", "error", err)
		return
	}
	if src := s.sourceBehind(l, f.id); src != nil {
		src.cut("what was left of it on the node it came from was killed")
		return
	}
	if c := s.comingFrom(l, f.id); c != nil {
		c.cut("what was left of it on the node it came from was killed")
		return
	}
	p := s.servedBy(l, f.id)
	if p == nil || !p.once(&p.dying) {
		return
	}
	if m.There {
		why := "its guest was killed by somebody on the node it ran on"
		if m.Memory {
			why = "its guest was killed by the kernel of the node it ran on, which was short of memory"
		}
		s.tell(supervisor.Event{Kind: supervisor.Lost, PID: p.PID, Node: l.node, Text: why})
	}
	go func() {
		p.settled()
		if m.Signal == int(unix.SIGKILL) {
			s.log.Warn("a process was killed where it ran: by a limit of that node, as its log says, by one of its own, or by hand", "pid", p.PID)
			kill(p.PID)
			return
		}
		if err := s.dieOf(p, m.Signal); err != nil {
			s.log.Warn("cannot let a process die of its signal: killing it", "pid", p.PID, "signal", m.Signal, "error", err)
			kill(p.PID)
		}
	}()
}

// isDying tells whether a signal has killed the guest.
func (p *proc) isDying() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dying
}

// dieOf gives the leader the signal with its default action. The guest may have died of it while the deputy is still held by the
// move that has brought it there.
func (s *Supervisor) dieOf(p *proc, sig int) error {
	letThrough := func(t *tracedThread, st ptrace.Stop) { _ = ptrace.Continue(t.TID, 0) }
	h, err := p.Freeze(stopLimit, letThrough, nil, nil)
	for within := owntime.Within(stopLimit); errors.Is(err, tracee.ErrBusy) && !within.Over(); h, err = p.Freeze(stopLimit, letThrough, nil, nil) {
		pause()
	}
	if err != nil {
		return err
	}
	ts := h.Threads()
	leader := ts[0]
	if err := p.freshSlot(h, leader); err != nil {
		return err
	}
	if err := h.Park(ts...); err != nil {
		return err
	}
	if _, err := leader.Must("reset the signal's action", unix.SYS_RT_SIGACTION, uint64(sig), leader.Put(0, make([]byte, 32)), 0, 8); err != nil {
		return err
	}
	// The body is elsewhere: a core of the deputy would be a lie.
	if _, err := leader.Must("forbid a core", unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, leader.Put(0, make([]byte, 16)), 0); err != nil {
		return err
	}
	if err := h.Unpark(leader); err != nil {
		return err
	}
	h.Do(func() {
		_ = ptrace.SetSigMask(leader.TID, 0)
		_ = unix.Tgkill(p.PID, leader.TID, unix.Signal(sig))
		_ = ptrace.Continue(leader.TID, 0)
	})
	h.DeliverNext(leader)
	h.Pass()
	return nil
}

// freshSlot has a thread that stands get a slot of its own when it is parked: its deputy may be in the middle of a
// call, which ends by that, and makes no other. Precondition: the guest makes none any more.
func (p *proc) freshSlot(h *tracee.Hold, t *tracedThread) error {
	d, ok := t.Data().(*deputy)
	if !ok || t.Slot == nil {
		return nil
	}
	d.stop()
	t.Slot.Kill()
	for within := owntime.Within(stopLimit); !d.using.TryLock(); nap.For(100 * time.Microsecond) {
		if within.Over() {
			return fmt.Errorf("the deputy of thread %d does not come to rest", t.Own)
		}
	}
	defer d.using.Unlock()
	h.Do(func() {
		p.Slots.Free(t.Slot)
		t.Slot = nil
	})
	return nil
}

// needHome: the guest met a call that can be done only at home.
func (s *Supervisor) needHome(l *link, f frame) {
	var m wire.NeedHomeMsg
	if err := wire.Decode(f.data, &m); err != nil {
		return
	}
	p := s.servedBy(l, f.id)
	if p == nil || !p.once(&p.homing) {
		return
	}
	why := said(m.Reason)
	s.log.Info("a process comes home for a call", "pid", p.PID, "call", m.Nr, "reason", why)
	p.untraced.Store(m.Untraced)
	go func() {
		s.bringHome(p, why)
		p.mu.Lock()
		p.homing = false
		p.mu.Unlock()
	}()
}

// homeTries is how often a process that must come home is told to before it is killed.
const homeTries = 200

// bringHome moves a process home unasked, trying again while a move of it is under way.
func (s *Supervisor) bringHome(p *proc, why string) {
	r := supervisor.Request{Verb: supervisor.MoveTo, PID: p.PID, Why: why}
	if p.untraced.Load() { // it is traced as long as pages follow
		r.Strategy = supervisor.PreCopy
	}
	for try := 0; !p.isOver(); try++ { // then its number may be another's
		if try == homeTries {
			s.log.Error("cannot bring a process home that must come: killing it", "pid", p.PID)
			kill(p.PID)
			return
		}
		_, _, err := s.move(r)
		if err == nil {
			s.endIfIdle()
			return
		}
		s.log.Debug("not home yet", "pid", p.PID, "error", err)
		if p.away() == nil {
			return
		}
		pause()
	}
}

// isOver tells whether the process has ended.
func (p *proc) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// stopHere: the guest stopped by job control of its own doing.
func (s *Supervisor) stopHere(l *link, f frame) {
	if p := s.servedBy(l, f.id); p != nil {
		_ = unix.Kill(p.PID, unix.SIGSTOP)
	}
}

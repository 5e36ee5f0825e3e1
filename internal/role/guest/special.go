package guest

import (
	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

type tracedThread = tracee.Thread

// handlers are the calls no generic executor can do, by the name the table
// gives them. A handler that is not here has only the generic part.
var handlers = map[syscalls.Handler]func(*strand, *pending){
	syscalls.HandleClone:        (*strand).clone,
	syscalls.HandleExec:         (*strand).exec,
	syscalls.HandleExit:         (*strand).exit,
	syscalls.HandleExitGroup:    (*strand).exitGroup,
	syscalls.HandleMadvise:      (*strand).madvise,
	syscalls.HandleMmap:         (*strand).mmapFile,
	syscalls.HandleMlock:        (*strand).mlock,
	syscalls.HandleMlockall:     (*strand).mlockall,
	syscalls.HandleMsync:        (*strand).msync,
	syscalls.HandleProcessVM:    (*strand).processVM,
	syscalls.HandleSigaction:    (*strand).sigaction,
	syscalls.HandleSigpending:   (*strand).sigpending,
	syscalls.HandleSigtimedwait: (*strand).sigtimedwait,
	syscalls.HandleClockGettime: (*strand).cpuClock,
	syscalls.HandleGetrusage:    (*strand).getrusage,
	syscalls.HandleTimes:        (*strand).times,
	syscalls.HandleAffinity:     (*strand).affinity,
	syscalls.HandlePrctl:        (*strand).prctl,
	syscalls.HandleArchPrctl:    (*strand).here,
	syscalls.HandleMaskWait:     (*strand).maskWait,
	syscalls.HandleRestart:      (*strand).restartCall,
	syscalls.HandlePath:         (*strand).goHome,
	syscalls.HandleSignalfd:     (*strand).signalfd,
	syscalls.HandleTimerCreate:  (*strand).createTimer,
	syscalls.HandleTimer:        (*strand).timer,
	syscalls.HandleSetitimer:    (*strand).setitimer,
	syscalls.HandleKill:         (*strand).goHome,
	syscalls.HandleRlimit:       (*strand).rlimit,
	syscalls.HandleScheduler:    (*strand).goHome,
	syscalls.HandleClockSleep:   (*strand).onClock,
}

func (s *strand) special(p *pending) {
	if h := handlers[p.row.Handler]; h != nil {
		h(s, p)
		return
	}
	s.b.g.log.Error("a row has no handler", "call", p.row.Name, "handler", p.row.Handler)
	s.b.answer(p.id, -int64(unix.ENOSYS))
}

// here lets the body's own kernel answer.
func (s *strand) here(p *pending) { s.b.proceed(p.id) }

// onClock: a sleep by CPU time goes by the one that is used at home, where the process then has to be.
func (s *strand) onClock(p *pending) {
	if _, counts := cpuclock.Parse(int32(p.args[0])); counts {
		s.comeHome(p, "it waits for CPU time to be used, which the kernel counts at home alone")
		return
	}
	s.goHome(p)
}

// processVM: a process may reach into itself; whom else it means is known at home.
func (s *strand) processVM(p *pending) {
	if own := int(int32(p.args[0])); own == s.b.Own && own == innerID(own) {
		s.b.proceed(p.id)
		return
	}
	s.comeHome(p, "it reaches into the memory of another process")
}

// exit: one thread ends in both halves. The home half is told first; the
// kernel here does what the program waits for (the join's futex). A process
// whose first thread ends before the others does so at home: it cannot move any
// more then, and must not be held here by a dead thread.
func (s *strand) exit(p *pending) {
	if s.t.TID == s.b.PID && !s.b.OneThread() {
		s.comeHome(p, "its first thread ends while others go on")
		return
	}
	if s.b.lacks() {
		go func() {
			s.touchAtExit()
			s.exitBoth(p)
		}()
		return
	}
	s.exitBoth(p)
}

func (s *strand) exitBoth(p *pending) {
	if !s.enter(p, false) {
		return
	}
	var code [4]byte
	le.PutUint32(code[:], uint32(p.args[0]))
	_ = s.b.g.post(wire.Exit, s.t.Own, code[:])
	s.b.proceed(p.id)
}

// exitGroup: the deputy ends the process; home then has the body killed. Until
// then the other threads go on, as they would for a moment at home.
func (s *strand) exitGroup(p *pending) {
	if !s.enter(p, false) {
		return
	}
	s.b.report()
	s.b.setEnding(true)
	p.call = &syscalls.Call{Nr: unix.SYS_EXIT_GROUP, Args: p.args}
	s.forward(p)
}

// setEnding notes whether the body's end is on its way from home, and no news there.
func (b *body) setEnding(is bool) {
	b.mu.Lock()
	b.ending = is
	b.mu.Unlock()
}

// sigaction of a signal whose action matters at home: both kernels learn it.
func (s *strand) sigaction(p *pending) {
	c, errno := p.row.Gather(p.args, s.b.memory())
	if errno != 0 || p.args[1] == 0 {
		s.b.proceed(p.id) // a query, or an error: the kernel here knows as well
		return
	}
	for i := range c.Segs { // the deputy's old action is of no interest
		c.Segs[i].Out = false
	}
	p.call = c
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		// A signal that stops the deputy before it has begun gives the call back: both
		// kernels must have the action, or home would go by the old one.
		for again := true; again; {
			again = s.ask(p, wire.Call, c.Append(s.callHead(p))).ret == -noIntr
		}
		s.mu.Lock()
		s.call = nil
		s.mu.Unlock()
		s.b.proceed(p.id)
	}()
}

// maskWait: ppoll, pselect6, epoll_pwait. Home waits without the mask; the
// mask is applied here, when a signal comes.
func (s *strand) maskWait(p *pending) {
	p.mask, p.maskLen, _ = p.row.WaitMask(p.args, s.b.memory())
	if p.mask == 0 {
		s.goHome(p)
		return
	}
	if errno := s.wrongMask(p); errno != 0 {
		s.b.answer(p.id, -int64(errno))
		return
	}
	c, errno := p.row.Gather(p.args, s.b.memory())
	if errno != 0 {
		s.b.answer(p.id, -int64(errno))
		return
	}
	p.call = c
	s.shorten(p)
	if s.endsUnder(p) && s.looksFirst(p) {
		return
	}
	if !s.enter(p, false) {
		return
	}
	if s.endsUnder(p) && s.underMask(p) {
		return
	}
	s.forward(p)
}

// restartCall: the kernel goes on with an interrupted relative wait, where it
// was: at the deputy if it was forwarded, else here.
func (s *strand) restartCall(p *pending) {
	s.mu.Lock()
	nr := s.restart
	p.until = s.restartUntil
	s.mu.Unlock()
	if nr == 0 {
		s.b.proceed(p.id)
		return
	}
	c := &syscalls.Call{}
	if row := syscalls.Lookup(nr); row != nil && nr != unix.SYS_RESTART_SYSCALL {
		row, _ = row.Resolve(p.args)
		if g, errno := row.Gather(p.args, s.b.memory()); errno == 0 {
			c = g
		}
	}
	p.nr, p.call = nr, c
	if !s.enter(p, false) {
		return
	}
	bare := syscalls.Call{Nr: unix.SYS_RESTART_SYSCALL}
	_ = s.b.g.send(wire.Call, s.t.Own, bare.Append(s.callHead(p)))
	s.notice(p)
}

// comeHome brings the process home for a call that can be made only there. The
// thread makes the call again when it is there.
func (s *strand) comeHome(p *pending, reason string) { s.comeHomeFor(p, reason, false) }

// comeHomeFor is comeHome for a call that may have the process traced by another one.
func (s *strand) comeHomeFor(p *pending, reason string, untraced bool) {
	p.row = nil
	if !s.enter(p, true) {
		return
	}
	b := s.b
	b.mu.Lock()
	b.busy--
	b.held = append(b.held, p) // answered when the body is frozen
	b.homing = true
	b.mu.Unlock()
	s.mu.Lock()
	s.call = nil
	s.mu.Unlock()
	_ = b.g.post(wire.NeedHome, b.Own, wire.Encode(wire.NeedHomeMsg{Nr: p.nr, Reason: reason, Untraced: untraced}))
}

package deputy

import (
	"encoding/binary"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A program that is to run elsewhere leaves when its loader has done its work. What
// that does takes a millisecond at home: it opens, maps and protects a dozen
// libraries, and each of these calls would have to go home otherwise. The thread
// stops at the program's first instruction, by a breakpoint register.
//
//	placed elsewhere at its execve ─► loader at home ─► stops at its entry ─► moves
//	                                      │ does not get there for a while, or executes another program
//	                                      └─► begins at home
//
// While it is on its way there nothing else moves the process (proc.begin).

// entryLimit is how long the way to the entry may take; then the program stays. A
// loader that runs programs' own code first (LD_PRELOAD) may do anything.
const entryLimit = 2 * time.Second

// entering is a program on its way to its first instruction.
type entering struct {
	t        *tracee.Thread
	where    supervisor.Placed
	limit    *time.Timer
	givingUp bool // the tracing thread's
}

// notEntering: the process is not on its way any more, and would have gone to that
// node; 0: it was not.
func (p *proc) notEntering() (node int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entering != nil {
		node = p.entering.where.Node
		p.entering.limit.Stop()
		p.entering = nil
	}
	return node
}

// toEntry lets a program that stands in the stop of its execve run to its first
// instruction, and move from there; false: it has to leave from here. It takes over
// what begin has begun.
func (s *Supervisor) toEntry(p *proc, t *tracee.Thread, where supervisor.Placed) bool {
	at, ok := s.entryOf(p.PID)
	if !ok {
		return false
	}
	e := &entering{t: t, where: where}
	s.fam.Loop.Do(func() {
		if ok = ptrace.BreakAt(t.TID, at) == nil; !ok {
			return
		}
		e.limit = time.AfterFunc(entryLimit, func() { s.giveUpEntry(p, e) })
		p.mu.Lock()
		p.entering = e
		p.mu.Unlock()
		p.end()
		_ = t.GoOn(0)
	})
	return ok
}

// entryOf is where a program begins that has been loaded by the kernel and is to be
// loaded further by its interpreter; false: there is none, or the kernel's signal
// for a breakpoint would change how the process treats it.
func (s *Supervisor) entryOf(pid int) (uint64, bool) {
	const atBase, atEntry = 7, 9 // getauxval(3)
	auxv, err := s.fam.FS.Auxv(pid)
	if err != nil {
		return 0, false
	}
	var base, entry uint64
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		switch value := binary.NativeEndian.Uint64(auxv[8:]); binary.NativeEndian.Uint64(auxv) {
		case atBase:
			base = value
		case atEntry:
			entry = value
		}
	}
	if base == 0 || entry == 0 {
		return 0, false
	}
	st, err := s.fam.FS.Status(pid)
	const trap = 1 << (unix.SIGTRAP - 1)
	return entry, err == nil && (st.SigIgn|st.SigBlk)&trap == 0 && st.Seccomp == 0
}

// entered takes the stop at a program's entry, if it is one. Tracing thread.
func (s *Supervisor) entered(p *proc, t *tracee.Thread) bool {
	p.mu.Lock()
	e := p.entering
	p.mu.Unlock()
	if e == nil || e.t != t {
		return false
	}
	if !atBreakpoint(t) {
		return false
	}
	_ = ptrace.Unbreak(t.TID)
	p.notEntering()
	if e.givingUp || !p.OneThread() || !p.begin() {
		_ = t.GoOn(0)
		go s.staysHome(p, e.where, "it was not alone when it began")
		return true
	}
	go func() {
		defer s.endIfIdle()
		s.sendFresh(p, e.where)
	}()
	return true
}

// atBreakpoint tells whether a SIGTRAP for which a thread stands is a breakpoint's.
func atBreakpoint(t *tracee.Thread) bool {
	info, err := ptrace.GetSigInfo(t.TID)
	return err == nil && siCode(&info) == ptrace.TrapBreakpoint
}

func (s *Supervisor) staysHome(p *proc, where supervisor.Placed, why string) {
	s.tell(supervisor.Event{Kind: supervisor.Stayed, PID: p.PID, Node: where.Node, Text: why})
}

// giveUpEntry has a program stay that does not come to its entry.
func (s *Supervisor) giveUpEntry(p *proc, e *entering) {
	waits := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.entering == e && !p.ended
	}
	still := false
	s.fam.Loop.Do(func() {
		still = waits()
		e.givingUp = still
	})
	if !still {
		return
	}
	h, err := e.t.HoldOne(stopLimit, func(t *tracee.Thread, st ptrace.Stop) {
		if st.Value == int(unix.SIGTRAP) && atBreakpoint(t) {
			_ = t.GoOn(0)
			return
		}
		tracee.DeliverNatively(t, st)
	}, nil)
	if err != nil {
		e.limit.Reset(entryLimit)
		return
	}
	h.Do(func() {
		if waits() {
			_ = ptrace.Unbreak(e.t.TID)
			p.notEntering()
		}
	})
	h.Release()
	s.staysHome(p, e.where, "it did not come to its beginning in time")
}

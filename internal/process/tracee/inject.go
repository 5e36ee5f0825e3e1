package tracee

import (
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"
)

const stepLimit = 10 * time.Second

const blockAll = ^uint64(0)

// Inject runs one system call in a stopped, held thread, using the system call
// instruction at ip. All signals must be blocked. The registers are left as
// the call left them; the thread is then in a system call stop, where the
// kernel no longer looks at restart codes: see Resync.
func (h *Hold) Inject(t *Thread, ip uint64, nr int, args ...uint64) (int64, error) {
	var a [6]uint64
	copy(a[:], args)
	return h.InjectWatching(t, func() (uint64, error) { return ip, nil }, nr, a, nil)
}

// InjectWatching is Inject for calls that make a thread or process. at prepares the thread on the
// tracing thread and tells where the instruction is. born is called with the id of what was made,
// as the supervisor sees it; the thread goes on meanwhile, to the end of its call.
func (h *Hold) InjectWatching(t *Thread, at func() (ip uint64, err error), nr int, a [6]uint64, born func(tid int) error) (int64, error) {
	for {
		ret, err := h.injectOnce(t, at, nr, a, born)
		if err != nil || ret != brokenOff {
			return ret, err
		}
	}
}

// injection is a call that is being made. What needs no decision is done by the tracing thread
// where it is reported: each change between that thread and the goroutine that wants the call
// costs four of Go's threads a turn.
type injection struct {
	watched bool // births on the way are told
	entered bool // the stop before the call has been

	made int        // what was born
	regs image.Regs // behind the call
	err  error      // ... or why they are not known
}

func (h *Hold) injectOnce(t *Thread, at func() (uint64, error), nr int, a [6]uint64, born func(int) error) (int64, error) {
	t.ordered.Store(&order{nr, a})
	i := &injection{watched: born != nil}
	var err error
	h.Do(func() { err = i.start(t, at, nr, a) })
	if err == nil {
		err = h.awaitInjected(t, i, born)
	}
	if err != nil {
		h.Do(func() { t.injection = nil })
		return 0, fmt.Errorf("make call %d in thread %d: %w", nr, t.TID, err)
	}
	return int64(i.regs.Rax), i.err
}

// start lets the thread make the call. Tracing thread.
func (i *injection) start(t *Thread, at func() (uint64, error), nr int, a [6]uint64) error {
	ip, err := at()
	if err != nil {
		return err
	}
	r, err := ptrace.Regs(t.TID)
	if err != nil {
		return err
	}
	r.Rip, r.Rax, r.OrigRax = ip, uint64(nr), ^uint64(0)
	r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9 = a[0], a[1], a[2], a[3], a[4], a[5]
	if err := ptrace.SetRegs(t.TID, r); err != nil {
		return err
	}
	t.injection = i
	return ptrace.ContinueToSyscall(t.TID, 0)
}

// passes takes a stop of the thread that makes the call, and tells whether nobody has to know of
// it. A thread that cannot go on is gone, which is reported. Tracing thread.
func (i *injection) passes(t *Thread, s ptrace.Stop) bool {
	switch {
	case s.Kind == ptrace.SyscallStop && !i.entered:
		i.entered = true
	case s.Kind == ptrace.SyscallStop:
		i.regs, i.err = ptrace.Regs(t.TID)
		t.injection = nil
		return false
	case s.Kind != ptrace.Event || !i.watched:
		return false
	case s.Value >= ptrace.EventFork && s.Value <= ptrace.EventClone:
		made, err := ptrace.EventMessage(t.TID)
		if i.made = int(made); err == nil {
			_ = ptrace.ContinueToSyscall(t.TID, 0)
		}
		return false
	}
	_ = ptrace.ContinueToSyscall(t.TID, 0)
	return true
}

// vforkLimit is how long a vfork's child may take to go its own way.
const vforkLimit = 1000 * time.Hour

// awaitInjected waits for the end of the call.
func (h *Hold) awaitInjected(t *Thread, i *injection, born func(tid int) error) error {
	for limit := stepLimit; ; {
		s, err := h.await(t, limit)
		switch {
		case err != nil:
			return err
		case s.Kind == ptrace.SyscallStop:
			return nil
		case s.Kind == ptrace.Event && born != nil:
			if err := born(i.made); err != nil {
				return err
			}
			limit = vforkLimit
		case s.Kind == ptrace.Signal:
			return &MetSignal{s}
		default:
			return fmt.Errorf("unexpected stop: %v", s)
		}
	}
}

// Resync brings a thread from a system call stop into an Interrupted stop. Only
// there, inside the kernel's signal handling, does the kernel apply its restart
// rules to the registers set last.
func (h *Hold) Resync(t *Thread) error {
	h.Do(func() {
		t.interrupt()
		_ = ptrace.Continue(t.TID, 0)
	})
	return h.awaitInterrupted(t, t.passOn)
}

// awaitInterrupted waits until a thread stands in an Interrupted stop. atCall has it go on, on the
// tracing thread, from a stop at a call.
func (h *Hold) awaitInterrupted(t *Thread, atCall func()) error {
	within := owntime.Within(stepLimit)
	for {
		s, err := h.await(t, lookAgain)
		if errors.Is(err, ErrSlow) && !within.Over() {
			if h.stands(t) {
				return nil
			}
			continue
		}
		if err != nil {
			return err
		}
		switch s.Kind {
		case ptrace.Interrupted, ptrace.GroupStop:
			return nil
		case ptrace.SyscallStop:
			h.Do(atCall)
		default:
			return fmt.Errorf("thread %d: unexpected stop %v", t.TID, s)
		}
	}
}

// chooseBase finds an address for the stub's region that the process does not use.
func (p *Process) chooseBase() (uint64, error) {
	ms, err := p.Family.FS.Maps(p.PID)
	if err != nil {
		return 0, err
	}
next:
	for _, base := range stub.Candidates() {
		for _, m := range ms {
			if stub.Touches(base, m.Start, m.End) {
				continue next
			}
		}
		return base, nil
	}
	return 0, fmt.Errorf("process %d uses all of the addresses kept for the deputy's code", p.PID)
}

// MetSignal is the error of an injected call that a signal came before, which
// can only be when signals are not blocked. The thread is stopped for it.
type MetSignal struct{ Stop ptrace.Stop }

func (e *MetSignal) Error() string {
	return fmt.Sprintf("thread %d: signal %d before an injected call", e.Stop.TID, e.Stop.Value)
}

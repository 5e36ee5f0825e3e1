package tracee

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
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
	return h.InjectWatching(t, ip, nr, a, nil)
}

// InjectWatching is Inject for calls that make threads: event is called for
// each Event stop of t on the way, before t goes on.
func (h *Hold) InjectWatching(t *Thread, ip uint64, nr int, a [6]uint64, event func(value int) error) (int64, error) {
	for {
		ret, err := h.injectOnce(t, ip, nr, a, event)
		if err != nil || ret != brokenOff {
			return ret, err
		}
	}
}

func (h *Hold) injectOnce(t *Thread, ip uint64, nr int, a [6]uint64, event func(value int) error) (int64, error) {
	var err error
	t.ordered.Store(&order{nr, a})
	h.Do(func() {
		r, e := ptrace.Regs(t.TID)
		if e != nil {
			err = e
			return
		}
		r.Rip, r.Rax, r.OrigRax = ip, uint64(nr), ^uint64(0)
		r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9 = a[0], a[1], a[2], a[3], a[4], a[5]
		if err = ptrace.SetRegs(t.TID, r); err == nil {
			t.injecting = true
			err = ptrace.ContinueToSyscall(t.TID, 0)
		}
	})
	defer h.Do(func() { t.injecting = false })
	if err != nil {
		return 0, fmt.Errorf("inject call %d into %d: %w", nr, t.TID, err)
	}
	if err := h.awaitSyscall(t, stepLimit, nil); err != nil { // the entry
		return 0, err
	}
	h.Do(func() { err = ptrace.ContinueToSyscall(t.TID, 0) })
	if err != nil {
		return 0, fmt.Errorf("inject call %d into %d: %w", nr, t.TID, err)
	}
	limit := time.Duration(stepLimit)
	if event != nil {
		limit = vforkLimit
	}
	if err := h.awaitSyscall(t, limit, event); err != nil {
		return 0, err
	}
	var ret int64
	h.Do(func() {
		r, e := ptrace.Regs(t.TID)
		ret, err = int64(r.Rax), e
	})
	return ret, err
}

// vforkLimit is how long a vfork's child may take to go its own way.
const vforkLimit = 1000 * time.Hour

// awaitSyscall waits for a system call stop and passes Event stops on the way to event.
func (h *Hold) awaitSyscall(t *Thread, limit time.Duration, event func(value int) error) error {
	for {
		s, err := h.await(t, limit)
		if err != nil {
			return err
		}
		switch {
		case s.Kind == ptrace.SyscallStop:
			return nil
		case s.Kind == ptrace.Event && event != nil:
			if err := event(s.Value); err != nil {
				return err
			}
			h.Do(func() { err = ptrace.ContinueToSyscall(t.TID, 0) })
			if err != nil {
				return fmt.Errorf("go on behind the event %d: %w", s.Value, err)
			}
		case s.Kind == ptrace.Signal:
			return &MetSignal{s}
		default:
			return fmt.Errorf("thread %d: unexpected stop in an injected call: %v", t.TID, s)
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
	return h.awaitInterrupted(t)
}

func (h *Hold) awaitInterrupted(t *Thread) error {
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
			_ = h.continueOne(t)
		default:
			return fmt.Errorf("thread %d: unexpected stop %v", t.TID, s)
		}
	}
}

var syscallInstruction = []byte{0x0f, 0x05}

// vdsoSyscall finds a system call instruction in the process's vDSO: the one
// piece of code that every 64-bit process has.
func (p *Process) vdsoSyscall() (uint64, error) {
	ms, err := p.Family.FS.Maps(p.PID)
	if err != nil {
		return 0, err
	}
	for _, m := range ms {
		if m.Name != "[vdso]" {
			continue
		}
		b := make([]byte, m.Len())
		if err := p.Mem.Read(m.Start, b); err != nil {
			return 0, err
		}
		if i := bytes.Index(b, syscallInstruction); i >= 0 {
			return m.Start + uint64(i), nil
		}
	}
	return 0, fmt.Errorf("process %d has no vDSO to make calls with", p.PID)
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
			if m.Start < base+stub.RegionSize && base < m.End {
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

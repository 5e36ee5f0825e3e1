package tracee

import (
	"fmt"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// MapStub brings the stub into a process that does not have it, by calls
// injected into one stopped, held thread whose signals are all blocked. The
// thread's registers are as before when it returns.
func (h *Hold) MapStub(t *Thread) error {
	if err := h.mayCall(h.Proc.lockCallsIn()...); err != nil {
		return err
	}
	base, err := h.Proc.chooseBase()
	if err != nil {
		return err
	}
	ip, err := h.Proc.callInstruction()
	if err != nil {
		return err
	}
	return h.keepingRegs(t, func() error {
		return h.Proc.Unlimited(func() error { return h.Bootstrap(t, base, ip) })
	})
}

// keepingRegs runs f, which injects calls into t, and puts t's registers back.
func (h *Hold) keepingRegs(t *Thread, f func() error) error {
	var before image.Regs
	var err error
	h.Do(func() { before, err = ptrace.Regs(t.TID) })
	if err != nil {
		return err
	}
	err = f()
	if e := h.Resync(t); e != nil && err == nil {
		err = e
	}
	h.Do(func() {
		if e := ptrace.SetRegs(t.TID, before); e != nil && err == nil {
			err = e
		}
	})
	return err
}

// LeaveStub takes parked threads out of the stub, removes the stub from the
// process, and gives the threads these registers, vector registers and masks, and
// their time slices back.
// They are left in Interrupted stops, where the kernel applies its restart
// rules when they go on.
func (h *Hold) LeaveStub(ts []*Thread, ths []image.Thread) error {
	if err := h.Unpark(ts...); err != nil {
		return err
	}
	slots := h.Proc.Slots
	if err := h.unmapStub(ts[0]); err != nil {
		return err
	}
	for _, t := range ts {
		if t.Slot != nil {
			slots.Free(t.Slot)
			t.Slot = nil
		}
	}
	Unhasten(ts...)
	return h.SetThreads(ts, ths)
}

func (h *Hold) unmapStub(t *Thread) error {
	p := h.Proc
	ip, err := p.callInstruction()
	if err != nil {
		return err
	}
	r, err := h.Inject(t, ip, unix.SYS_MUNMAP, p.Base, stub.Stretch)
	if err != nil {
		return err
	}
	if r != 0 {
		return fmt.Errorf("unmap the deputy's code: %w", unix.Errno(-r))
	}
	p.Base, p.Slots = 0, nil
	return h.Resync(t)
}

// DeliverNext lets the next signal that comes to a held thread through. The
// thread's other stops are passed over.
func (h *Hold) DeliverNext(t *Thread) {
	for {
		s, err := h.await(t, stepLimit)
		if err != nil {
			return
		}
		if s.Kind == ptrace.Signal {
			h.Do(func() { _ = t.GoOn(s.Value) })
			return
		}
		_ = h.continueOne(t)
	}
}

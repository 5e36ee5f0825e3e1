package tracee

import (
	"fmt"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// Park sends stopped, held threads into the stub with all signals blocked.
// Their registers must have been saved: see Save.
func (h *Hold) Park(ts ...*Thread) error {
	p := h.Proc
	for _, t := range ts {
		if t.Slot == nil {
			if t.Slot = p.Slots.New(); t.Slot == nil {
				return fmt.Errorf("process %d has more than %d threads", p.PID, stub.MaxSlots)
			}
		}
	}
	var err error
	h.Do(func() {
		for _, t := range ts {
			r, e := ptrace.Regs(t.TID)
			if e != nil {
				continue // gone
			}
			enterStub(&r, p.Base, t.Slot)
			if e := ptrace.SetRegs(t.TID, r); e == nil {
				e = ptrace.SetSigMask(t.TID, blockAll)
				if e == nil {
					e = ptrace.Continue(t.TID, 0)
				}
				if e != nil && e != unix.ESRCH {
					err = e
				}
			}
		}
	})
	return err
}

// enterStub makes registers with which a thread waits in the stub. The
// direction and trap flags of the program must not reach it, nor its stack
// pointer: the kernel refuses to change an alternate stack it points into.
func enterStub(r *image.Regs, base uint64, s *stub.Slot) {
	const trap, direction = 0x100, 0x400
	r.Rip, r.Rbx, r.Rsp, r.R12 = base, s.Addr, s.Addr, s.Sequence()
	r.Rax, r.OrigRax = 0, ^uint64(0)
	r.Eflags &^= trap | direction
}

// Unpark stops parked threads again, wherever in the stub they are.
func (h *Hold) Unpark(ts ...*Thread) error {
	h.Do(func() {
		for _, t := range ts {
			if !h.reported(t) { // one that stands already would stop once more when it goes on
				t.interrupt()
			}
		}
	})
	for _, t := range ts {
		if err := h.awaitInterrupted(t, t.passOn); err != nil {
			return err
		}
	}
	return nil
}

// Call runs one short system call in a parked thread.
func (t *Thread) Call(nr int, args ...uint64) (int64, error) {
	var a [6]uint64
	copy(a[:], args)
	slot := t.Slot // it goes with the thread
	if slot == nil {
		return 0, ErrGone
	}
	t.ordered.Store(&order{nr, a})
	for {
		slot.Post(nr, a)
		ret, ok := t.result(slot)
		switch {
		case !ok && (slot.Dead() || !t.Alive()):
			return 0, ErrGone
		case !ok:
			return 0, fmt.Errorf("call %d in thread %d did not return (%s)", nr, t.TID, t.whereabouts())
		case ret == brokenOff:
			continue // a signal came between; nothing was done
		}
		return ret, nil
	}
}

// result waits for a call of a held thread, and sees to it that the thread goes on.
func (t *Thread) result(slot *stub.Slot) (int64, bool) {
	for within := owntime.Within(callLimit); ; {
		ret, ok := slot.Await(lookAgain)
		if ok || slot.Dead() || !t.Alive() || within.Over() {
			return ret, ok
		}
		t.unstick()
	}
}

// brokenOff is -ERESTARTNOINTR: the call is to be made again whatever happens.
const brokenOff = -513

// Issue runs one system call, however long it takes. False: the thread is gone.
func (t *Thread) Issue(nr int, args [6]uint64) (int64, bool) {
	slot := t.Slot // it goes with the thread
	if slot == nil {
		return 0, false
	}
	slot.Post(nr, args)
	return slot.Await(forever)
}

const forever = 1000 * time.Hour

// Must is Call for calls whose failure has a name.
func (t *Thread) Must(what string, nr int, args ...uint64) (int64, error) {
	ret, err := t.Call(nr, args...)
	if err == nil && ret < 0 && ret > -4096 {
		err = fmt.Errorf("%s: %w", what, unix.Errno(-ret))
	}
	return ret, err
}

// Put stores bytes at an offset of the thread's window and returns their address.
func (t *Thread) Put(off int, b []byte) uint64 {
	slot := t.Slot
	if slot == nil {
		return 0 // gone, as the call will find
	}
	copy(slot.Window()[off:], b)
	return slot.WindowAddr() + uint64(off)
}

// WindowAddr is where the process sees the thread's window. The thread may lose its slot at any moment, by an execve
// that another one makes.
func (t *Thread) WindowAddr() uint64 { return t.Put(0, nil) }

// Get reads bytes from the thread's window.
func (t *Thread) Get(off, n int) []byte {
	slot := t.Slot
	if slot == nil {
		return make([]byte, n) // gone
	}
	return append([]byte(nil), slot.Window()[off:off+n]...)
}

// order is a call the supervisor has told a thread to make.
type order struct {
	nr   int
	args [6]uint64
}

// Ordered tells whether a call a thread is about to make is the one its
// supervisor has asked it for last. The slot is memory that the process itself
// can write, so what arrives there need not be what was sent.
func (t *Thread) Ordered(nr int, args [6]uint64) bool {
	o := t.ordered.Load()
	return o != nil && *o == order{nr, args}
}

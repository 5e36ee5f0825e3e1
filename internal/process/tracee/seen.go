package tracee

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
)

// The role may want to see the calls that a process makes while it runs by itself (Process.Sees): then its
// threads stop before and after each of them. All below is of the tracing thread.

// Seer is told of a call that a thread is about to make. True: the thread waits until GoOn.
type Seer func(t *Thread, c *ptrace.CallInfo) (waits bool)

// GoOn lets a thread that runs by itself go on, and delivers a signal unless it is 0.
func (t *Thread) GoOn(signal int) error {
	t.Stands = false
	if t.written != nil {
		return ptrace.ContinueToSyscall(t.TID, signal)
	}
	if t.Proc.Sees == nil || t.Slot != nil {
		return ptrace.Continue(t.TID, signal)
	}
	t.seen = true
	return ptrace.ContinueToSyscall(t.TID, signal)
}

// Turn tells one call that a thread waits to make from another.
func (t *Thread) Turn() uint64 { return t.turn }

// GoOnCalling lets a thread make the call for which it waits; after is called as soon as the call is over,
// and if it is not made. A thread that somebody has stopped meanwhile makes the call later, and asks anew.
func (t *Thread) GoOnCalling(turn uint64, after func()) {
	if !t.Alive() || !t.asks || t.turn != turn {
		after()
		return
	}
	t.asks, t.after = false, after
	_ = t.GoOn(0)
}

// atCall takes a stop at a call of a thread whose calls are seen.
func (t *Thread) atCall() {
	c, err := ptrace.Call(t.TID)
	switch {
	case err != nil: // it is going
	case t.hold != nil && c.Entry:
		t.putOff()
	case t.hold != nil:
		t.insist()
		_ = ptrace.Continue(t.TID, 0)
	default:
		t.turn++
		if t.asks = c.Entry && t.Proc.Sees != nil && t.Proc.Sees(t, &c); !t.asks {
			_ = t.GoOn(0)
		}
	}
}

// putOff has a thread not make the call that it is about to make, but stop for its hold: it stands before
// the call's instruction then.
func (t *Thread) putOff() {
	r, err := ptrace.Regs(t.TID)
	if err != nil {
		return // it is going
	}
	_ = ptrace.SetRegs(t.TID, beforeCall(r))
	t.insist()
	_ = ptrace.Continue(t.TID, 0)
}

// beforeCall is a thread, in the stop before it makes a call, as it stood before the call's instruction.
func beforeCall(r image.Regs) image.Regs {
	const instruction = 2 // bytes of syscall, and of int 0x80
	r.Rip, r.Rax, r.OrigRax = r.Rip-instruction, r.OrigRax, ^uint64(0)
	return r
}

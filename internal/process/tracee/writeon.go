package tracee

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// The kernel drops a signal that is ignored before it wakes anybody, but not if somebody traces the process: then a write
// that waits for room ends short. So the thread writes the rest, and what it is told in the end is all of it. All below is of
// the tracing thread.

// written is what a thread has written already of what it writes.
type written struct {
	bytes    uint64
	from, of uint64 // the arguments of the whole: where it begins, and how many bytes
}

// Drops tells whether a thread ignores a signal, and no other one is about to run a handler or end it.
func (t *Thread) Drops(sig int) bool {
	st, err := t.Proc.Family.FS.ThreadStatus(t.Proc.PID, t.TID)
	return err == nil && st.Ignores(sig) && !st.Waits()
}

// WriteOn has a thread, in the stop of a signal, go on with a write that the signal has ended; false: there is none.
func (t *Thread) WriteOn() bool {
	r, err := ptrace.Regs(t.TID)
	if err != nil || r.Cs != codeSegment64 || r.OrigRax != unix.SYS_WRITE && r.OrigRax != unix.SYS_SENDTO || int64(r.Rax) <= 0 || r.Rax >= r.Rdx {
		return false
	}
	number, bytes, ok := writes(int(r.OrigRax), [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10})
	if !ok {
		return false
	}
	fd, err := Borrow(t.Proc.PID, number)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	if w := (&room{fd: fd, number: number, bytes: bytes}); !w.known() {
		return false
	}
	t.written = &written{bytes: r.Rax, from: r.Rsi, of: r.Rdx}
	r.Rsi, r.Rdx = r.Rsi+r.Rax, r.Rdx-r.Rax
	again := int64(noHand)
	r.Rax = uint64(again)
	_ = ptrace.SetRegs(t.TID, r) // gone: its end is reported
	return true
}

// writesOn takes a stop of a thread that writes the rest. True: it has only begun, and goes on.
func (t *Thread) writesOn(s ptrace.Stop) bool {
	if s.Kind == ptrace.SyscallStop {
		if c, err := ptrace.Call(t.TID); err == nil && c.Entry {
			t.insist()
			_ = ptrace.ContinueToSyscall(t.TID, 0)
			return true
		}
	}
	w := t.written
	t.written = nil
	if r, err := ptrace.Regs(t.TID); err == nil {
		w.add(&r)
		_ = ptrace.SetRegs(t.TID, r)
	}
	if s.Kind != ptrace.SyscallStop {
		return false
	}
	t.insist()
	_ = t.GoOn(0)
	return true
}

// add makes the registers say what has been written in all. An error of the rest is what the next write will meet.
func (w *written) add(r *image.Regs) {
	n := w.bytes
	if int64(r.Rax) > 0 {
		n += min(r.Rax, w.of-n)
	}
	r.Rax, r.Rsi, r.Rdx = n, w.from, w.of
}

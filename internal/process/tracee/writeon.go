package tracee

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// The kernel drops a signal that is ignored before it wakes anybody, but not if somebody traces the process: then a write
// that waits for room ends short, and so does a receive that wants all. So the thread does the rest, and what it is told in
// the end is all of it. All below is of the tracing thread.

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

// WriteOn has a thread, in the stop of a signal, go on with a write (or a receive) that the signal has ended; false: there is none.
func (t *Thread) WriteOn() bool {
	r, err := ptrace.Regs(t.TID)
	if err != nil || r.Cs != codeSegment64 || int64(r.Rax) <= 0 || r.Rax >= r.Rdx || !t.Proc.goesOn(int(r.OrigRax), argsOf(&r)) {
		return false
	}
	t.written = &written{bytes: r.Rax, from: r.Rsi, of: r.Rdx}
	r.Rsi, r.Rdx = r.Rsi+r.Rax, r.Rdx-r.Rax
	again := int64(noHand)
	r.Rax = uint64(again)
	_ = ptrace.SetRegs(t.TID, r) // gone: its end is reported
	return true
}

// goesOn tells whether a call is one that ends with less than all for such a signal, and whose rest can be made by it again.
func (p *Process) goesOn(nr int, args [6]uint64) bool {
	all := nr == unix.SYS_RECVFROM && wantsAll(nr, args)
	if !all && nr != unix.SYS_WRITE && nr != unix.SYS_SENDTO {
		return false
	}
	number, bytes, ok := writes(nr, args)
	if all {
		number, ok = int(int32(args[0])), true
	}
	if !ok {
		return false
	}
	fd, err := Borrow(p.PID, number)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	if all {
		return waitsForAll(fd)
	}
	return (&room{fd: fd, number: number, bytes: bytes}).known()
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

package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// repeatBroken has threads make waits again that the freeze ended with EINTR:
// the program must not see that there was one. Where a handler is about to run
// the EINTR is the program's own. A wait under a mask of its own is made again
// even then: the mask is gone, and the guest's side delivers under it.
func repeatBroken(memory syscalls.Memory, img *image.Image, pending []tracee.Pending) {
	for i := range img.Threads {
		t := &img.Threads[i]
		if heldBack(memory, img, t, pending) {
			t.Regs.Rax = minus(restartNoIntr)
			continue
		}
		row := brokenWait(&t.Regs)
		if row != nil && (row.Handler == syscalls.HandleMaskWait || !handlerDue(img, t, pending)) {
			t.Regs.Rax = minus(restartNoIntr)
		}
	}
}

// heldBack tells whether a thread is in a wait that only a handler would end with EINTR, under a mask of its own, and
// no signal is there that it lets through: those that the thread lets through otherwise run their handlers before
// it is made again.
func heldBack(memory syscalls.Memory, img *image.Image, t *image.Thread, pending []tracee.Pending) bool {
	r := &t.Regs
	if int64(r.Rax) != noHand || int64(r.OrigRax) < 0 {
		return false
	}
	row := syscalls.Lookup(int(r.OrigRax))
	if row == nil || row.Handler != syscalls.HandleMaskWait {
		return false
	}
	at, _, _ := row.WaitMask([6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}, memory)
	var m [8]byte
	if at == 0 || memory.Read(at, m[:]) != nil {
		return false
	}
	under := *t
	under.Mask = le.Uint64(m[:])
	return !handlerDue(img, &under, pending)
}

// brokenWait is the call in which a stopped thread was, if the kernel ends that one
// with EINTR at any stop, and has; nil: it was in none.
func brokenWait(r *image.Regs) *syscalls.Row {
	if int64(r.Rax) != -int64(unix.EINTR) || int64(r.OrigRax) < 0 {
		return nil
	}
	if row := syscalls.Lookup(int(r.OrigRax)); row != nil && row.EndsWithEintr() {
		return row
	}
	return nil
}

// handlerDue tells whether a pending signal will run a handler in the thread.
func handlerDue(img *image.Image, t *image.Thread, pending []tracee.Pending) bool {
	for i := range pending {
		sig := le.Uint32(pending[i].Info[:])
		if sig < 1 || sig > 64 || pending[i].Own != 0 && pending[i].Own != t.TID {
			continue
		}
		if t.Mask>>(sig-1)&1 == 0 && img.Actions[sig].Handler > 1 {
			return true
		}
	}
	return false
}

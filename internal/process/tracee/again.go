package tracee

import (
	"errors"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// noHand has the kernel make a call again that no handler interrupts.
const noHand = -514

// beginAgain keeps a thread that has just stopped from its end: the kernel goes on with a
// sleep or poll that the stop broke off by restart_syscall(2), which it makes under the
// filters of the process, and some of these kill for it (that of OpenSSH's server, before a
// user is known). Such a call is made again from its beginning. Tracing thread.
func (t *Thread) beginAgain(r *image.Regs) {
	if int64(r.Rax) != restartBlock || int64(r.OrigRax) < 0 || t.mayRestart() {
		return
	}
	again := int64(noHand)
	r.Rax = uint64(again)
	_ = ptrace.SetRegs(t.TID, *r) // gone: its end is reported
}

// hideStop has a call that the stop of a thread has broken off end, or begin again, as if it had not. Tracing thread.
func (t *Thread) hideStop() {
	if r, err := ptrace.Regs(t.TID); err == nil {
		t.beginAgain(&r)
		t.noteShort(&r)
	}
}

// mayRestart tells whether the filters of a stopped thread let it make
// restart_syscall; those that cannot be read may not.
func (t *Thread) mayRestart() bool {
	filters, err := ptrace.Filters(t.TID)
	if errors.Is(err, unix.EACCES) {
		return t.underOurs() == nil
	}
	for _, f := range filters {
		if !syscalls.Lets(f, unix.SYS_RESTART_SYSCALL) {
			return false
		}
	}
	return true
}

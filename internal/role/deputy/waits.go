package deputy

import (
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// wait is one that a thread goes on with at home, for the rest of its time.
type wait struct {
	t     *tracee.Thread
	nr    int
	limit uint64 // the argument that says how long
	until time.Time
}

// waitOn has threads that were stopped at home in a wait make it again: the kernel
// ends some calls with EINTR at any stop, or short, and there was no signal. Those that came
// home with the process wait for the rest of their time; others begin theirs
// anew. Precondition: the threads of h stand.
func (p *proc) waitOn(h *tracee.Hold, waits []wait) {
	h.Do(func() {
		for _, t := range h.Threads() {
			r, err := ptrace.Regs(t.TID)
			if err != nil || p.handlerWaits(t) {
				continue
			}
			if tracee.RepeatShort(&r) {
				_ = ptrace.SetRegs(t.TID, r)
				continue
			}
			if brokenWait(&r) == nil {
				continue
			}
			for _, w := range waits {
				if w.t != t || w.nr != int(r.OrigRax) {
					continue
				}
				left := max(0, time.Until(w.until))
				switch {
				case *limitOf(&r) != w.limit:
				case w.nr == unix.SYS_RT_SIGTIMEDWAIT || w.nr == unix.SYS_SEMTIMEDOP || w.nr == unix.SYS_EPOLL_PWAIT2:
					_ = p.Mem.Write(w.limit, timespec(left))
				default:
					r.R10 = uint64((left + time.Millisecond - 1) / time.Millisecond)
				}
			}
			r.Rax = minus(restartNoIntr)
			_ = ptrace.SetRegs(t.TID, r)
		}
	})
}

// handlerWaits tells whether a signal is pending for which a thread will run a handler: then
// the EINTR is the program's own.
func (p *proc) handlerWaits(t *tracee.Thread) bool {
	st, err := p.Family.FS.ThreadStatus(p.PID, t.TID)
	return err == nil && (st.SigPnd|st.ShdPnd)&st.SigCgt&^st.SigBlk != 0
}

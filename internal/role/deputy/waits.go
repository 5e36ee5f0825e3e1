package deputy

import (
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
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

// waitOn has threads that were stopped at home in a wait make it again, for the rest of its time: the kernel
// ends some calls with EINTR at any stop, or short, and there was no signal. Precondition: the threads of h stand.
// The sockets named are waited for until then; those returned have a time-out of their own.
func (p *proc) waitOn(h *tracee.Hold, waits []wait, sockets []socketWait) (timed []socketWait) {
	h.Do(func() {
		for _, t := range h.Threads() {
			r, err := ptrace.Regs(t.TID)
			if err != nil {
				continue
			}
			end, again := p.waitAgain(t, &r, waits)
			if again {
				_ = ptrace.SetRegs(t.TID, r)
			}
			receives, sends := syscalls.TimedBySocket(int(r.OrigRax))
			if !again || !receives && !sends || end.IsZero() {
				continue
			}
			since := end.Add(-p.socketTime(int(r.OrigRax), r.Rdi))
			for i := range sockets {
				if sockets[i].goesOn(t, &r, since) {
					end = sockets[i].until
				}
			}
			timed = append(timed, socketWait{t: t, nr: int(r.OrigRax), fd: r.Rdi, until: end})
		}
	})
	return timed
}

// waitAgain is waitOn for one thread. It tells when the wait ends, if that is known, and whether it is made again.
func (p *proc) waitAgain(t *tracee.Thread, r *image.Regs, waits []wait) (until time.Time, again bool) {
	handler := p.handlerWaits(t)
	if brokenWait(r) == nil {
		return until, !handler && tracee.RepeatShort(r)
	}
	r.Rax = minus(noHand) // a handler ends it, if it is this thread that runs one: for that signal or one that comes before it goes on
	if handler {
		return until, true
	}
	until = p.endOf(t, r)
	for _, w := range waits { // it is known better
		if w.t == t && w.nr == int(r.OrigRax) && *limitOf(r) == w.limit {
			until = w.until
		}
	}
	if !until.IsZero() {
		p.shorten(r, max(0, time.Until(until)))
	}
	return until, true
}

// letRun lets a process go on that has been stopped to leave, and stays.
func (p *proc) letRun(h *tracee.Hold) {
	p.beginAll(h, p.waitOn(h, nil, nil), func(t *tracee.Thread) { _ = t.GoOn(0) })
	h.Release()
}

// shorten gives a call that is made again at home another relative time, and tells whether it has one that can be given.
func (p *proc) shorten(r *image.Regs, left time.Duration) bool {
	milliseconds := uint64((left + time.Millisecond - 1) / time.Millisecond)
	switch r.OrigRax {
	case unix.SYS_POLL:
		r.Rdx = milliseconds
	case unix.SYS_EPOLL_WAIT, unix.SYS_EPOLL_PWAIT:
		r.R10 = milliseconds
	case unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_SEMTIMEDOP, unix.SYS_EPOLL_PWAIT2:
		// Below the stack, where nothing lives but the frame of a handler, which
		// would end the wait. It may have to grow for that, which it does for a tracer.
		const redZone, alignment = 128, 64
		at := (r.Rsp - redZone - alignment) &^ (alignment - 1)
		if p.Forced().Write(at, timespec(left)) != nil {
			return false
		}
		*limitOf(r) = at
	default:
		return false
	}
	return true
}

// handlerWaits tells whether a signal is pending for which a thread will run a handler: then
// the EINTR is the program's own.
func (p *proc) handlerWaits(t *tracee.Thread) bool {
	st, err := p.Family.FS.ThreadStatus(p.PID, t.TID)
	return err == nil && (st.SigPnd|st.ShdPnd)&st.SigCgt&^st.SigBlk != 0
}

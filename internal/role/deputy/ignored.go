package deputy

import (
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// unheard is a wait that goes on although an ignored signal has ended it.
type unheard struct {
	until    time.Time
	switches uint64 // of the thread, when it was ended
	call     madeCall
}

// madeCall is a call as it is made again.
type madeCall struct {
	nr   uint64
	args [6]uint64
	at   uint64 // the instruction behind it
}

func madeAgain(r *image.Regs) madeCall {
	return madeCall{r.OrigRax, [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}, r.Rip}
}

// twice is how often a thread has waited when the same wait is ended once more: in the stop before, and in it. Another wait
// is that as well behind one whose time was over when it was made again.
const twice = 2

// isUnheard has the wait go on that a signal has ended which the process ignores. The kernel drops such a
// signal before it wakes anybody, but not of a process that is traced. When a wait began is not known: it begins
// anew, but ends in time from its first such signal on. Precondition: the thread is in that signal's stop. Tracing thread.
func (p *proc) isUnheard(t *tracee.Thread, sig int) {
	st, err := p.Family.FS.ThreadStatus(p.PID, t.TID)
	if err != nil || !st.Ignores(sig) {
		return
	}
	r, err := ptrace.Regs(t.TID)
	if err != nil || brokenWait(&r) == nil {
		return
	}
	now := time.Now()
	was, known := p.unheard[t.TID]
	if known && st.Switches == was.switches+twice && was.call == madeAgain(&r) {
		p.shorten(&r, max(0, was.until.Sub(now)))
	} else {
		delete(p.unheard, t.TID)
		if limit, ok := p.limit(&r); ok {
			was.until, known = now.Add(limit), true
		} else {
			known = false
		}
	}
	if known {
		if p.unheard == nil {
			p.unheard = make(map[int]unheard)
		}
		p.unheard[t.TID] = unheard{was.until, st.Switches, madeAgain(&r)}
	}
	r.Rax = minus(noHand) // a handler that is about to run for another one ends it
	_ = ptrace.SetRegs(t.TID, r)
}

// limit is how long a wait lasts by its arguments, if that is known.
func (p *proc) limit(r *image.Regs) (time.Duration, bool) {
	switch r.OrigRax {
	case unix.SYS_EPOLL_WAIT, unix.SYS_EPOLL_PWAIT:
		ms := int32(r.R10)
		return time.Duration(ms) * time.Millisecond, ms >= 0
	case unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_SEMTIMEDOP, unix.SYS_EPOLL_PWAIT2:
		var b [16]byte
		at := *limitOf(r)
		if at == 0 || p.Mem.Read(at, b[:]) != nil {
			return 0, false
		}
		const longest = 1 << 30
		return time.Duration(min(le.Uint64(b[:]), longest))*time.Second + time.Duration(le.Uint64(b[8:])), true
	}
	return 0, false
}

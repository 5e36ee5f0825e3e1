package tracee

import (
	"slices"
	"time"

	"openmosix/internal/linux/ptrace"

	"golang.org/x/sys/unix"
)

// interrupt has a thread stop for its hold. Precondition: on the tracing thread.
func (t *Thread) interrupt() {
	t.told = true
	if t.asks {
		t.asks = false
		t.putOff()
		return
	}
	if t.looks && t.room.Load() == nil { // it may have come to wait since
		t.LookForRoom()
	}
	t.looks = false
	_ = t.InterruptInRoom() // gone: its end is reported
}

// insist has a thread that stopped for something else, and was told to stop
// for its hold, do that when it goes on: any stop takes back an interrupt that
// came before it (ptrace_stop in the kernel: "any trap clears pending STOP
// trap"). Precondition: on the tracing thread; the thread stands.
func (t *Thread) insist() {
	if t.told {
		_ = ptrace.Interrupt(t.TID)
	}
}

// stray takes a stop that nobody waits for: the thread had been interrupted
// for something else as well, or twice, which the kernel remembers once more
// when it stands already, or somebody sent a SIGCONT, which stops every seized
// thread for a moment. It goes on the way it went. Tracing thread.
func (h *Hold) stray(t *Thread, s ptrace.Stop) bool {
	switch {
	case s.Kind == ptrace.Signal && s.Value == int(unix.SIGSTOP):
		h.stopSeen = true // it cannot be blocked: it acts when the hold is over
		t.insist()
	case s.Kind == ptrace.Signal && s.Value == int(unix.SIGCONT):
		h.stopSeen = false // it is the later one
		return false
	case s.Kind != ptrace.Interrupted && s.Kind != ptrace.GroupStop:
		return false
	case t.told:
		t.told, t.group = false, s.Kind == ptrace.GroupStop
		return false
	}
	if t.injection != nil {
		_ = ptrace.ContinueToSyscall(t.TID, 0)
	} else {
		t.WriteOn()
		_ = t.GoOn(0)
	}
	return true
}

// lookAgain is how long a thread may take to report a stop before it is looked
// whether it stands already.
const lookAgain = 200 * time.Millisecond

// stands tells whether a thread that was told to stop has done so although no
// report of it is on its way: one that stands is not disturbed by an interrupt,
// and reports nothing more.
func (h *Hold) stands(t *Thread) bool {
	stands := false
	h.Do(func() { stands = ptrace.InEventStop(t.TID) })
	if !stands {
		return false
	}
	h.Do(func() {}) // by now every report there was has been taken
	if h.reported(t) {
		return false
	}
	h.Do(func() { t.told = false })
	return true
}

// unstick lets a thread go on that is to make a call and stands in a stop that
// nobody has told it to make. Whatever the hold still knows of that stop is void.
// A signal it stands for becomes pending again: the kernel does so when it finds it
// blocked behind the stop (ptrace_signal).
func (t *Thread) unstick() {
	t.Proc.Family.Loop.Do(func() {
		if t.told {
			return
		}
		signal := 0
		if h := t.hold; h != nil {
			h.mu.Lock()
			for _, s := range h.queue {
				if s.TID == t.TID && s.Kind == ptrace.Signal {
					signal = s.Value
				}
			}
			h.mu.Unlock()
		}
		if signal == 0 && !ptrace.InEventStop(t.TID) {
			return
		}
		if h := t.hold; h != nil {
			h.mu.Lock()
			h.queue = slices.DeleteFunc(h.queue, func(s ptrace.Stop) bool { return s.TID == t.TID })
			h.mu.Unlock()
		}
		if signal != 0 {
			_ = ptrace.SetSigMask(t.TID, blockAll)
		}
		_ = ptrace.Continue(t.TID, signal)
	})
}

// reported tells whether a stop of the thread waits to be looked at.
func (h *Hold) reported(t *Thread) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	of := func(s ptrace.Stop) bool { return s.TID == t.TID }
	return slices.ContainsFunc(h.queue, of) || slices.ContainsFunc(h.deferred, of)
}

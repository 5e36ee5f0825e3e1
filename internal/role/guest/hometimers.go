package guest

import (
	"math"
	"sync"

	"openmosix/internal/linux/ptrace"
)

// A timer that counts at home has one signal pending at most: while that waits, each time that the timer goes off is an
// overrun of it (timer_getoverrun(2)). The deputy, which holds no signal back, takes each of them, so here they become one
// again: the first is pending in the body's kernel, the others are counted, and are added to what the signal says when
// it is taken.

// homeTimers are the timers at home of which something has been heard. mu is held for moments, and nothing is
// locked under it.
type homeTimers struct {
	mu  sync.Mutex
	all map[int32]homeTimer
}

type homeTimer struct {
	waits bool  // a signal of it was made pending, and has not been taken
	more  int32 // how often it has gone off since
	told  int32 // what the last signal that was taken said
	taken bool  // there was one
}

// mostHomeTimers bounds what is remembered: numbers come from home, in signals that anybody may have made up.
const mostHomeTimers = 1 << 12

// Offsets in a timer's siginfo: which one, and how often it went off besides. sigaction(2).
const (
	siTimer        = -2
	timerNumber    = 16
	timerOverrunAt = 20
)

func timerOf(info *ptrace.SigInfo) (id int32, is bool) {
	return int32(le.Uint32(info[timerNumber:])), siCode(info) == siTimer
}

func overruns(info *ptrace.SigInfo) int32 { return int32(le.Uint32(info[timerOverrunAt:])) }

// absorbs tells whether a signal is an overrun of one that is pending. pending: one of its number is.
func (h *homeTimers) absorbs(info *ptrace.SigInfo, pending bool) bool {
	id, is := timerOf(info)
	if !is {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	one, known := h.all[id]
	if one.waits && pending {
		one.more = sum(one.more, sum(overruns(info), 1))
		h.all[id] = one
		return true
	}
	if known || len(h.all) < mostHomeTimers {
		if h.all == nil {
			h.all = map[int32]homeTimer{}
		}
		one.waits, one.more = true, 0
		h.all[id] = one
	}
	return false
}

// completes puts what has been counted meanwhile into a signal that is pending.
func (h *homeTimers) completes(info *ptrace.SigInfo) {
	id, is := timerOf(info)
	if !is {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	le.PutUint32(info[timerOverrunAt:], uint32(sum(overruns(info), h.all[id].more)))
}

// takes is completes for a signal that is taken out.
func (h *homeTimers) takes(info *ptrace.SigInfo) {
	h.completes(info)
	id, is := timerOf(info)
	if !is {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.all[id]; known {
		h.all[id] = homeTimer{told: overruns(info), taken: true}
	}
}

// overrun is what timer_getoverrun tells; false: home knows.
func (h *homeTimers) overrun(id int32) (int32, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.all[id]
	return one.told, one.taken
}

// set: a timer is set anew, or deleted, and with that its overruns are none.
func (h *homeTimers) set(id int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, known := h.all[id]; known {
		h.all[id] = homeTimer{waits: one.waits}
	}
}

// sum of what is counted, which the kernel holds at its most as well (DELAYTIMER_MAX).
func sum(a, b int32) int32 { return int32(min(int64(max(a, 0))+int64(max(b, 0)), math.MaxInt32)) }

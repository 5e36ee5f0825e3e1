package guest

import (
	"math"
	"testing"

	"openmosix/internal/linux/ptrace"
)

func timerSignal(id, times int32) *ptrace.SigInfo {
	var info ptrace.SigInfo
	code := int32(siTimer)
	le.PutUint32(info[siCodeAt:], uint32(code))
	le.PutUint32(info[timerNumber:], uint32(id))
	le.PutUint32(info[timerOverrunAt:], uint32(times))
	return &info
}

func TestHomeTimers(t *testing.T) {
	var h homeTimers
	if _, known := h.overrun(7); known {
		t.Error("a timer of which nothing was heard is known")
	}
	first := timerSignal(7, 1)
	if h.absorbs(first, true) { // what is pending is somebody else's
		t.Error("the first signal was absorbed")
	}
	for _, times := range []int32{0, 2} {
		if !h.absorbs(timerSignal(7, times), true) {
			t.Errorf("a signal with %d overruns was made pending behind the first", times)
		}
	}
	if h.absorbs(timerSignal(8, 0), true) {
		t.Error("another timer's signal was absorbed")
	}
	peeked := *first
	h.completes(&peeked)
	h.takes(first)
	if overruns(&peeked) != 5 || overruns(first) != 5 {
		t.Errorf("%d and %d overruns, want 1+1+3", overruns(&peeked), overruns(first))
	}
	if times, known := h.overrun(7); times != 5 || !known {
		t.Errorf("%d, %v", times, known)
	}
	again := timerSignal(7, 0)
	if h.absorbs(again, true) {
		t.Error("the next one was absorbed by one that had been taken")
	}
	h.takes(again)
	if overruns(again) != 0 {
		t.Errorf("%d overruns are left over", overruns(again))
	}

	// One that was pending is not any more, as the program has thrown it away.
	h.absorbs(timerSignal(7, 0), false)
	h.absorbs(timerSignal(7, 0), true)
	if last := timerSignal(7, 0); h.absorbs(last, false) {
		t.Error("a signal was lost")
	} else if h.takes(last); overruns(last) != 0 {
		t.Errorf("%d overruns of a signal that was thrown away", overruns(last))
	}
	h.set(7)
	if _, known := h.overrun(7); known {
		t.Error("a timer that is set anew knows of overruns")
	}

	most := timerSignal(9, math.MaxInt32)
	h.absorbs(most, false)
	h.absorbs(timerSignal(9, -1), true)
	if h.takes(most); overruns(most) != math.MaxInt32 {
		t.Errorf("%d", overruns(most))
	}
	for id := range int32(2 * mostHomeTimers) {
		h.absorbs(timerSignal(id, 0), false)
	}
	if len(h.all) > mostHomeTimers {
		t.Errorf("%d timers are remembered", len(h.all))
	}
	other := ptrace.SigInfo{}
	if h.absorbs(&other, true) {
		t.Error("a signal that is no timer's was absorbed")
	}
}

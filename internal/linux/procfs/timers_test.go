package procfs

import "testing"

func TestTimerOfThread(t *testing.T) {
	const text = "ID: 0\nsignal: 42/00000000000003e8\nnotify: signal/pid.12\nClockID: 1\nID: 1\nsignal: 43/00000000000003e9\nnotify: signal/tid.13\nClockID: 1\n"
	for timer, want := range map[int]bool{0: false, 1: true, 2: false, 10: false} {
		if got := timerOfThread([]byte(text), timer); got != want {
			t.Errorf("timer %d: %v", timer, got)
		}
	}
}

func TestCPUTimers(t *testing.T) {
	const text = "ID: 0\nsignal: 42/0\nnotify: signal/pid.12\nClockID: 1\nID: 1\nClockID: 2\nID: 5\nClockID: -6\nID: 7\nClockID: -5\n"
	if got := cpuTimers([]byte(text)); len(got) != 2 || got[0] != 1 || got[1] != 5 {
		t.Errorf("%v", got)
	}
}

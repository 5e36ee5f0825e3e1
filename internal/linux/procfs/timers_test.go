package procfs

import (
	"slices"
	"testing"
)

func TestTimers(t *testing.T) {
	const text = "ID: 0\nsignal: 42/00000000000003e8\nnotify: signal/pid.12\nClockID: 1\n" +
		"ID: 1\nsignal: 34/ffffffff000003e9\nnotify: signal/tid.13\nClockID: -2\n" +
		"ID: 7\nsignal: 9/0000000000000000\nnotify: none/pid.12\nClockID: -98\n" +
		"ID: 9\nsignal: 10/0000000000000001\nnotify: signal/tid.0\nClockID: 11\n"
	want := []Timer{
		{ID: 0, Signal: 42, Value: 1000, Clock: 1},
		{ID: 1, Signal: 34, Value: 0xffffffff000003e9, Direct: true, Target: 13, Clock: -2},
		{ID: 7, Silent: true, Clock: -98},
		{ID: 9, Signal: 10, Value: 1, Direct: true, Clock: 11},
	}
	if got := timers([]byte(text)); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := timers([]byte("signal: 3/4\nClockID: 2\n")); got != nil {
		t.Errorf("out of nothing: %+v", got)
	}
}

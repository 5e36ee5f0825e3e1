package cpuclock

import "testing"

func TestParse(t *testing.T) {
	for number, want := range map[int32]Clock{
		2:                    {},
		3:                    {Thread: true},
		-6:                   {},             // MAKE_PROCESS_CPUCLOCK(0, CPUCLOCK_SCHED): as the C library asks
		-2:                   {Thread: true}, // MAKE_THREAD_CPUCLOCK(0, CPUCLOCK_SCHED)
		^int32(1234)<<3 | 2:  {ID: 1234},
		^int32(1234)<<3 | 6:  {ID: 1234, Thread: true},
		^int32(1234)<<3 | 1:  {ID: 1234, Ticks: true},
		^int32(4194304) << 3: {ID: 4194304, Ticks: true},
	} {
		if got, ok := Parse(number); !ok || got != want {
			t.Errorf("%d: %+v, %v", number, got, ok)
		}
	}
	for _, other := range []int32{0, 1, 4, 11, -5, -1} { // the last two are descriptors
		if c, ok := Parse(other); ok {
			t.Errorf("%d counts CPU time: %+v", other, c)
		}
	}
	for _, c := range []Clock{{}, {Thread: true}, {ID: 77}, {ID: 77, Thread: true}} {
		if got, ok := Parse(c.Number()); !ok || got != c {
			t.Errorf("%+v becomes %+v, %v", c, got, ok)
		}
	}
}

func TestTimed(t *testing.T) {
	for _, c := range []struct {
		clock Clock
		want  bool
	}{
		{Clock{}, true},
		{Clock{Thread: true}, true},
		{Clock{ID: 5}, true},
		{Clock{ID: 6}, false},
		{Clock{ID: 6, Thread: true}, true},
		{Clock{Ticks: true}, false},
	} {
		if c.clock.Timed(5) != c.want {
			t.Errorf("%+v: not %v", c.clock, c.want)
		}
	}
	for signal, want := range map[int]bool{0: true, 9: false, 14: true, 17: false, 19: false, 22: false, 23: true, 27: true, 34: true} {
		if Raised(signal) != want {
			t.Errorf("signal %d: not %v", signal, want)
		}
	}
}

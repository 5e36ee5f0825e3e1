package load

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDemandOfSteadyWork(t *testing.T) {
	for _, c := range []struct {
		name          string
		cpus, running int
		busyPerSecond uint64 // of 100 ticks each CPU has
		demand, used  float64
	}{
		{"idle", 2, 0, 0, 0, 0},
		{"one of two", 2, 1, 100, 1, 0.5},
		{"seen at a bad moment", 2, 0, 100, 1, 0.5},
		{"one gets half, of what others leave", 2, -1, 50, 1, 0.25},
		{"full", 2, 2, 200, 2, 1},
		{"twice as many as fit", 2, 4, 200, 4, 1},
	} {
		var s State
		for second := range uint64(60) {
			s = s.Next(Counts{Running: max(c.running, -c.running), Shared: c.running < 0, Busy: second * c.busyPerSecond, Passed: second * uint64(c.cpus) * 100}, c.cpus, time.Second)
		}
		if math.Abs(s.Demand-c.demand) > 0.01 || math.Abs(s.Used-c.used) > 0.01 {
			t.Errorf("%s: %+v, want demand %v, used %v", c.name, s, c.demand, c.used)
		}
	}
}

// Two threads on one CPU that sleep by turns are seen at a moment at which one
// waits, or not. The kernel has counted for how long one did.
func TestDemandOfWhoWaitsNowAndThen(t *testing.T) {
	for waited, want := range map[time.Duration]float64{0: 0.8, 300 * time.Millisecond: 1.1, 5 * time.Second: 1.8} {
		var s State
		for second := range uint64(60) {
			s = s.Next(Counts{Running: 1, Busy: second * 80, Passed: second * 100, Waited: time.Duration(second) * waited}, 1, time.Second)
		}
		if math.Abs(s.Demand-want) > 0.01 {
			t.Errorf("%v of each second: demand %v, want %v", waited, s.Demand, want)
		}
	}
}

func TestUnits(t *testing.T) {
	if l := Of(2, 2, Standard); l != 1 {
		t.Errorf("two processes on two standard processors are load %v", l)
	}
	if l := Of(1, 1, 2*Standard); l != 0.5 {
		t.Errorf("one process on a processor twice as fast is load %v", l)
	}
	if l := In(1, 2*Standard); l != 0.5 {
		t.Errorf("load 1 in units of a processor twice as fast is %v", l)
	}
	if s := Speed(perStandard); s != Standard {
		t.Errorf("the standard processor has speed %d", s)
	}
	if Speed(0) != MinSpeed || Speed(math.Inf(1)) != MaxSpeed {
		t.Error("speed is not bounded")
	}
}

func TestAlwaysSensible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cpus := rapid.IntRange(1, 512).Draw(t, "cpus")
		var s State
		for range 10 {
			s = s.Next(Counts{Running: rapid.IntRange(-1, 5000).Draw(t, "running"), Busy: rapid.Uint64().Draw(t, "busy"),
				Passed: rapid.Uint64().Draw(t, "passed"), Waited: time.Duration(rapid.Int64().Draw(t, "waited"))}, cpus, time.Duration(rapid.Int64().Draw(t, "time")))
			if !(s.Used >= 0 && s.Used <= 1) || !(s.Demand >= 0 && s.Demand <= 5000) {
				t.Fatalf("%+v", s)
			}
		}
	})
}

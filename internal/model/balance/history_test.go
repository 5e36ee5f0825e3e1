package balance

import (
	"math"
	"testing"
	"time"
)

func TestHistory(t *testing.T) {
	slow := Decay{Period: time.Second, Keep: 975}
	fast := Decay{Period: time.Second, Keep: 926}
	never := Decay{Period: time.Second, Keep: 1000}
	busy := Sample{CPU: time.Second / 2, Waited: time.Second / 2, Calls: 10, CallBytes: 1000}
	var h History
	h = h.Next(busy, time.Second, slow)
	if h.CPU != 0.5 || h.Wants != 1 || h.Calls != 10 || h.CallBytes != 1000 {
		t.Errorf("after one sample: %+v", h)
	}
	// After a minute of work, a minute of sleep: how much is remembered.
	after := func(d Decay) float64 {
		var h History
		for range 60 {
			h = h.Next(busy, time.Second, d)
		}
		for range 60 {
			h = h.Next(Sample{}, time.Second, d)
		}
		return h.CPU
	}
	for _, c := range []struct {
		name string
		d    Decay
		want float64
	}{{"slow", slow, 0.0898}, {"fast", fast, 0.00493}, {"never", never, 0.25}} {
		if got := after(c.d); math.Abs(got-c.want) > 0.0005 {
			t.Errorf("%s decay leaves %v of half a CPU, want %v", c.name, got, c.want)
		}
	}
	// Samples in other intervals than the period's come to the same.
	var one, many History
	one = one.Next(busy, time.Second, slow).Next(Sample{}, 10*time.Second, slow)
	many = many.Next(busy, time.Second, slow)
	for range 100 {
		many = many.Next(Sample{}, 100*time.Millisecond, slow)
	}
	if math.Abs(one.Calls-many.Calls) > one.Calls*0.15 {
		t.Errorf("%v and %v", one, many)
	}
}

func TestHistoryOfGrowth(t *testing.T) {
	var h History
	for i := range 20 {
		h = h.Next(Sample{Resident: uint64(i) * 100 << 20}, time.Second, Decay{Period: time.Second, Keep: 1000})
	}
	if math.Abs(h.Growth-100<<20) > 5<<20 {
		t.Errorf("grows by %v", h.Growth)
	}
	for range 20 {
		h = h.Next(Sample{Resident: 1900 << 20}, time.Second, Decay{Period: time.Second, Keep: 1000})
	}
	if h.Growth > 5<<20 {
		t.Errorf("still grows by %v", h.Growth)
	}
	if again := h.Next(Sample{}, 0, Decay{}); again != h {
		t.Error("no time has passed, and something has changed")
	}
}

// A child is thought to do what its parent does until it is seen what it does, and
// what memory it has is no growth.
func TestInherited(t *testing.T) {
	fast := Decay{Period: time.Second, Keep: 926}
	var parent History
	for range 100 {
		parent = parent.Next(Sample{CPU: time.Second, Calls: 100, Resident: 1 << 30}, time.Second, fast)
	}
	child := parent.Inherited()
	if child.CPU != parent.CPU || child.Calls != parent.Calls || child.Growth != 0 {
		t.Errorf("at first %+v", child)
	}
	child = child.Next(Sample{Resident: 1 << 20}, time.Second, fast)
	if child.CPU > 0.35 || child.CPU < 0.3 || child.Growth != 0 {
		t.Errorf("after an idle second %+v", child)
	}
	if none := (History{}).Inherited().Next(Sample{CPU: time.Second}, time.Second, fast); none.CPU != 1 {
		t.Errorf("of a parent of which nothing is known %+v", none)
	}
}

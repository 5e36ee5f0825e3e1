package deputy

import (
	"testing"
	"time"
)

// Many signals between two calls are a flood; as many with calls in between, or slowly, are none.
func TestWhatIsAFlood(t *testing.T) {
	at := time.Unix(1, 0)
	for name, one := range map[string]struct {
		step  time.Duration
		calls bool
		want  bool
	}{
		"without a call": {10 * time.Microsecond, false, true},
		"with calls":     {10 * time.Microsecond, true, false},
		"slow":           {time.Millisecond, false, false},
	} {
		f, got := flood{}, false
		for i := range 4 * floodOf {
			call := uint64(2)
			if one.calls {
				call += uint64(i)
			}
			got = f.floods(call, at.Add(time.Duration(i)*one.step)) || got
		}
		if got != one.want {
			t.Errorf("%s: a flood: %v", name, got)
		}
	}
}

// A flood that goes on is left alone for longer, up to a limit, and the next one is as the first.
func TestAFloodThatGoesOn(t *testing.T) {
	var f flood
	at := time.Unix(1, 0)
	for range 10 {
		f.lasts(at)
		at = at.Add(f.pause + floodWithin)
	}
	if f.pause != longPause {
		t.Errorf("after ten: %v", f.pause)
	}
	if f.lasts(at.Add(time.Second)); f.pause != shortPause {
		t.Errorf("a second later: %v", f.pause)
	}
}

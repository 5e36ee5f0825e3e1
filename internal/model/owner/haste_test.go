package owner

import (
	"testing"
	"time"
)

// TestHasteEnds: moves now and then have what they need, and who is always on his way has a small part of the time.
func TestHasteEnds(t *testing.T) {
	start := time.Unix(1e9, 0)
	for name, c := range map[string]struct {
		move, pause time.Duration
		atOnce      int
		atLeast     float64 // of the time it wants
		atMost      float64 // of all time
	}{
		"one move":            {MostHaste, 24 * time.Hour, 1, 1, 1},
		"programs of a build": {300 * time.Millisecond, 3 * time.Second, 2, 1, 1},
		"always on its way":   {24 * time.Hour, time.Second, 1, 0, 0.26},
		"again and again":     {time.Second, time.Second, 1, 0, 0.26},
		"several by turns":    {MostHaste, time.Second, 20, 0, 0.35},
	} {
		var h Haste
		var had, wanted time.Duration
		now := start
		for now.Sub(start) < 24*time.Hour {
			d := max(0, min(c.move, h.Left(now)))
			now = now.Add(d)
			had, wanted = had+d, wanted+c.move
			for range c.atOnce {
				h.Spend(now, d)
			}
			now = now.Add(c.pause)
		}
		if f := float64(had) / float64(wanted); f < c.atLeast {
			t.Errorf("%s: %v of what it needs", name, f)
		}
		if f := float64(had) / float64(now.Sub(start)); f > c.atMost {
			t.Errorf("%s: %v of the time", name, f)
		}
	}
	var h Haste
	if h.Spend(start, 100*MostHaste); h.Left(start.Add(8*MostHaste)) != MostHaste {
		t.Error("it does not come back")
	}
}

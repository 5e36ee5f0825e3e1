package missing

import (
	"testing"
	"time"

	"openmosix/internal/model/image"
)

// Silence is borne for half a minute, and a page now and then does not make it for ever.
func TestPatienceEnds(t *testing.T) {
	for name, c := range map[string]struct {
		every      time.Duration // comes a piece
		piece      uint64
		after, end time.Duration // it lasts for more than this, and less than that; zero: for ever
	}{
		"nothing":              {time.Hour, 0, 25 * time.Second, 31 * time.Second},
		"a page a second":      {time.Second, image.PageSize, 0, 0},
		"a page in ten":        {10 * time.Second, image.PageSize, 30 * time.Second, 40 * time.Second},
		"a page in 29":         {29 * time.Second, image.PageSize, 30 * time.Second, 40 * time.Second},
		"a megabyte in 29":     {29 * time.Second, 1 << 20, 0, 0},
		"all of it, then none": {time.Hour, 1 << 40, 25 * time.Second, 31 * time.Second},
	} {
		const tick, enough = 100 * time.Millisecond, time.Hour
		var p Patience
		var at time.Duration
		for p.Wait(tick, 0) && at < enough {
			if at += tick; at%c.every == 0 && !p.Wait(0, c.piece) {
				break
			}
		}
		switch {
		case c.end == 0 && at < enough:
			t.Errorf("%s: it ends after %v", name, at)
		case c.end != 0 && (at < c.after || at > c.end):
			t.Errorf("%s: it ends after %v, not between %v and %v", name, at, c.after, c.end)
		}
	}
	var p Patience
	p.Wait(29*time.Second, 0)
	p.Rest()
	if !p.Wait(29*time.Second, 0) {
		t.Error("what was not asked for counts")
	}
}

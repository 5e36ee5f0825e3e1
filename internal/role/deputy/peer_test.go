package deputy

import (
	"math"
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
)

func TestWhatAGuestSideClaimsIsChecked(t *testing.T) {
	threads := func(tids ...int) (ts []image.Thread) {
		for _, tid := range tids {
			ts = append(ts, image.Thread{TID: tid})
		}
		return ts
	}
	for name, c := range map[string]struct {
		m      wire.ThawMsg
		before uint64
		good   bool
	}{
		"good":             {wire.ThawMsg{Image: image.Image{Threads: threads(5, 6)}, SignalsSeen: 3}, 3, true},
		"no threads":       {wire.ThawMsg{SignalsSeen: 3}, 3, false},
		"a thread twice":   {wire.ThawMsg{Image: image.Image{Threads: threads(5, 5)}}, 0, false},
		"signals not sent": {wire.ThawMsg{Image: image.Image{Threads: threads(5)}, SignalsSeen: 2}, 3, false},
	} {
		if err := plausible(&c.m, c.before); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	sent := make([]sentSignal, 3)
	for seen, want := range map[uint64]int{0: 3, 2: 1, 3: 0, 4: 3, math.MaxUint64: 3, 1 << 63: 3} {
		if got := len(unseen(sent, seen)); got != want {
			t.Errorf("%d seen: %d are left, not %d", seen, got, want)
		}
	}
}

// TestOnlyTheHolderIsHeard: a guest side says nothing about a process that is elsewhere.
func TestOnlyTheHolderIsHeard(t *testing.T) {
	here, there, other := &link{}, &link{}, &link{}
	p := &proc{link: here, dealing: there}
	if !p.serves(here) || !p.serves(there) || p.serves(other) || p.serves(nil) {
		t.Error("the wrong side is heard")
	}
	p = &proc{}
	if p.serves(nil) || p.serves(here) {
		t.Error("a process at home is spoken for")
	}
}

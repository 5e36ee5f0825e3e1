package deputy

import (
	"math"
	"testing"
	"time"

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

// TestNoMoreThanIsMapped: a node that lacks files asks for what the process shows of them.
func TestNoMoreThanIsMapped(t *testing.T) {
	img := &image.Image{VMAs: []image.VMA{{Range: image.Range{Start: 0x1000, End: 0x5000}, Kind: image.File}, {Range: image.Range{Start: 0x9000, End: 0xf000}}}}
	part := func(from, to uint64) wire.FilePart { return wire.FilePart{Range: image.Range{Start: from, End: to}} }
	for name, c := range map[string]struct {
		parts []wire.FilePart
		good  bool
	}{
		"all":          {[]wire.FilePart{part(0, 0x2000), part(0x2000, 0x4000)}, true},
		"none":         {nil, true},
		"once more":    {[]wire.FilePart{part(0, 0x4000), part(0, 0x1000)}, false},
		"all there is": {[]wire.FilePart{part(0, math.MaxUint64)}, false},
		"around":       {[]wire.FilePart{part(0, 1<<63), part(0, 1<<63)}, false},
	} {
		if err := mayAsk(img, c.parts); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBudget(t *testing.T) {
	b := newBudget(10)
	b.take(100) // nothing else waits
	passed := make(chan struct{})
	go func() { b.take(1); close(passed) }()
	select {
	case <-passed:
		t.Error("there is no room")
	case <-time.After(20 * time.Millisecond):
	}
	b.give(100)
	<-passed
	b.give(1)
	b.take(50)
	b.end()
	b.take(1) // it is over
}

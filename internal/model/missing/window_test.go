package missing

import (
	"fmt"
	"testing"
	"time"
)

// way is a link with a rate and a time for there and back, whose other side answers in order.
type way struct {
	rate  float64 // bytes per second
	there time.Duration
	now   time.Duration
	free  time.Duration // when what is on the way has gone through
	onWay []answer
}

type answer struct {
	at    time.Duration
	bytes uint64
}

// ask has bytes come, and tells how long the last of them waits for what is before it.
func (w *way) ask(bytes uint64) time.Duration {
	begins := max(w.now+w.there, w.free)
	w.free = begins + time.Duration(float64(bytes)/w.rate*float64(time.Second))
	w.onWay = append(w.onWay, answer{w.free, bytes})
	return begins - w.now - w.there
}

// A way of any rate is filled, and what comes by it besides waits for a few milliseconds, or for as
// little as may be on the way.
func TestWindowFillsAWayAndLeavesItFree(t *testing.T) {
	for _, rate := range []float64{1e6, 12.5e6, 125e6, 1.25e9} {
		for _, there := range []time.Duration{100 * time.Microsecond, time.Millisecond, 20 * time.Millisecond} {
			t.Run(fmt.Sprint(rate, there), func(t *testing.T) {
				w := &way{rate: rate, there: there}
				var win Window
				var came uint64
				var from time.Duration
				var longest time.Duration
				for step := range 3000 {
					for n := win.Room(); n > 0; n = win.Room() {
						if waits := w.ask(n); step > 1000 {
							longest = max(longest, waits)
						}
						win.Asked(n, w.now)
					}
					a := w.onWay[0]
					w.onWay = w.onWay[1:]
					w.now = a.at
					win.Came(a.bytes, w.now)
					switch {
					case step == 1000:
						from = w.now
					case step > 1000:
						came += a.bytes
					}
				}
				reached := float64(came) / (w.now - from).Seconds() / rate
				full := rate*there.Seconds() < mostWindow/2
				if full && reached < 0.8 {
					t.Errorf("%.2f of the rate is reached, with %d bytes on the way", reached, win.Size())
				}
				least := time.Duration(leastWindow / rate * float64(time.Second))
				if most := max(3*queued, least) + there/4; longest > most {
					t.Errorf("what comes besides waits for up to %v, not %v", longest, most)
				}
			})
		}
	}
}

// Room is none while little would be asked for, and Narrow begins anew.
func TestWindowRoom(t *testing.T) {
	var w Window
	onWay := func() (n uint64) {
		for r := w.Room(); r > 0; r = w.Room() {
			w.Asked(r, 0)
		}
		return w.asked - w.came
	}
	if got := onWay(); got != leastWindow {
		t.Fatalf("%d bytes in the beginning", got)
	}
	w.Came(leastWindow/8, 1)
	if got := w.Room(); got != 0 {
		t.Errorf("%d bytes are asked for by themselves", got)
	}
	w.Came(2*leastWindow, 2) // more than was asked for
	for range 10 {
		n := onWay()
		w.Came(n, 3)
	}
	if got := onWay(); got != mostWindow {
		t.Errorf("%d bytes on a way without delay", got)
	}
	w.Came(mostWindow, 4)
	w.Narrow()
	if got := onWay(); got != leastWindow {
		t.Errorf("%d bytes after somebody waits", got)
	}
}

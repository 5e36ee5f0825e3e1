package gowatcher

import (
	"runtime"
	"time"
)

// Turns are those of a goroutine that does nothing but wait in the kernel, again and again.
// The watcher takes the processor away from a goroutine that has had it for 10 ms. Calls of
// the kernel begin no new turn, nor does having lost it: from then on it is taken each time the
// watcher looks, and got back by the slow way, which wakes the watcher up to look again at once
// (runtime.retake, exitsyscall). While a file was read that was 1,500 wakings a second.
type Turns struct {
	began time.Time
	waits int // since then
}

const (
	// turn is how long one is, below 10 ms.
	turn = 8 * time.Millisecond
	// often: who waits less often in a turn loses its processor while it waits, once.
	often = 16
)

// Next is to be called each time before waiting. It begins a new turn if it is time for one.
func (t *Turns) Next(now time.Time) {
	if t.waits++; t.waits < often || now.Sub(t.began) < turn {
		return
	}
	t.began, t.waits = now, 0
	runtime.Gosched()
}

// Package owntime measures time in which this process could run. A machine that is suspended, a
// virtual one that is paused, and a control group that is frozen stand still together with
// the other side as a rule: a clock that goes on meanwhile says nothing of that side, and a timer
// that ends late fires before anybody could do what it waits for.
//
// So a wait is cut into parts, and however long one of them took by the clock, it counts once.
package owntime

import (
	"sync"
	"time"
)

// parts is into how many a wait is cut: a stall costs one of them.
const parts = 16

// Limit is how long something may take, for one goroutine that looks at it more often
// than once in a part.
type Limit struct {
	left, part time.Duration
	seen       time.Time
}

// Within is a limit that begins now.
func Within(d time.Duration) *Limit { return &Limit{left: d, part: max(d/parts, 1), seen: time.Now()} }

// Over tells whether it is.
func (l *Limit) Over() bool {
	now := time.Now()
	l.left -= min(now.Sub(l.seen), l.part)
	l.seen = now
	return l.left <= 0
}

// Pause is how long to wait at most until the next look; 0: it is over.
func (l *Limit) Pause() time.Duration {
	if l.Over() {
		return 0
	}
	return min(l.left, l.part)
}

// Timer calls a function when its limit is over.
type Timer struct {
	f func()

	mu    sync.Mutex
	limit *Limit
	tick  *time.Timer
	ended bool // f has been called or never will be
}

// AfterFunc calls f, in a goroutine of its own, when d is over.
func AfterFunc(d time.Duration, f func()) *Timer {
	t := &Timer{f: f, limit: Within(d)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tick = time.AfterFunc(t.limit.part, t.look)
	return t
}

func (t *Timer) look() {
	t.mu.Lock()
	if t.ended {
		t.mu.Unlock()
		return
	}
	if pause := t.limit.Pause(); pause > 0 {
		t.tick.Reset(pause)
		t.mu.Unlock()
		return
	}
	t.ended = true
	t.mu.Unlock()
	t.f()
}

// Stop keeps f from being called; false: it has been.
func (t *Timer) Stop() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := !t.ended
	t.ended = true
	t.tick.Stop()
	return was
}

// After is closed when d is over. Who does not wait any more calls stop.
func After(d time.Duration) (over <-chan struct{}, stop func() bool) {
	c := make(chan struct{})
	return c, AfterFunc(d, func() { close(c) }).Stop
}

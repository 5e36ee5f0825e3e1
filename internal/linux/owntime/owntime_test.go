package owntime

import (
	"testing"
	"time"
)

// A process that has not run has not waited.
func TestAStallCountsOnce(t *testing.T) {
	l := Within(time.Minute)
	for stall := range parts - 1 {
		l.seen = l.seen.Add(-time.Hour)
		if l.Over() {
			t.Fatalf("it is over after %d stalls", stall+1)
		}
		if pause := l.Pause(); pause <= 0 || pause > time.Minute/parts {
			t.Errorf("a pause of %v", pause)
		}
	}
	l.seen = l.seen.Add(-time.Hour)
	if !l.Over() || l.Pause() != 0 {
		t.Errorf("%v are left", l.left)
	}
}

func TestTimer(t *testing.T) {
	const d = 20 * time.Millisecond
	begun := time.Now()
	over, stop := After(d)
	<-over
	if took := time.Since(begun); took < d {
		t.Errorf("it is over after %v", took)
	}
	if stop() {
		t.Error("it is stopped after its end")
	}
	if over, stop = After(time.Hour); !stop() || stop() {
		t.Error("it cannot be stopped, or twice")
	}
	select {
	case <-over:
		t.Error("it is over, though stopped")
	default:
	}
}

// A timer that has stood still goes on with what is left.
func TestTimerStandsStill(t *testing.T) {
	called := make(chan struct{})
	timer := AfterFunc(time.Hour, func() { close(called) })
	timer.mu.Lock()
	timer.limit.seen = timer.limit.seen.Add(-24 * time.Hour)
	timer.mu.Unlock()
	timer.look()
	select {
	case <-called:
		t.Error("it fires")
	default:
	}
	if !timer.Stop() {
		t.Error("it has ended")
	}
}

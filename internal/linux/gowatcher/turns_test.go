package gowatcher

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// Others run in between when a turn is over, and not before.
func TestTurns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	now := time.Now()
	othersRun := func(passes time.Duration, waits int) bool {
		turns := Turns{began: now}
		var ran atomic.Bool
		runtime.Gosched() // what others had to do is done
		go ran.Store(true)
		for i := range waits {
			turns.Next(now.Add(passes * time.Duration(i+1) / time.Duration(waits)))
		}
		defer runtime.Gosched()
		return ran.Load()
	}
	for name, one := range map[string]struct {
		passes time.Duration
		waits  int
		others bool
	}{
		"a short time":        {turn / 2, often, false},
		"few waits":           {2 * turn, often - 1, false},
		"the end of the turn": {turn, often, true},
	} {
		times := 0
		const tries = 20
		for range tries {
			if othersRun(one.passes, one.waits) {
				times++
			}
		}
		// Now and then the runtime lets them run by itself, or takes the same one again.
		if (times > tries/2) != one.others {
			t.Errorf("%s: others ran %d times of %d", name, times, tries)
		}
	}
}

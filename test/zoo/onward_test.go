package zoo

import (
	"context"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// onwards are programs whose waits, begun away, are to end however often they are moved from there.
var onwards = map[string]bool{"sock_timeouts": true, "timer_sleep": true}

// mostOnward is how often they are moved, which lasts many times as long as such a wait.
const mostOnward = 60

// pause is between two of their moves: much less than such a wait.
const pause = 250 * time.Millisecond

// TestOnward moves programs between two nodes, neither of which is home, until they have ended.
func TestOnward(t *testing.T) {
	lab := labtest.Up(t, 3)
	scratch := labtest.Scratch(t)
	for _, p := range programs(t) {
		if !onwards[p.Name] {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			argv, dir, stop := prepare(t, p, scratch, 2*movedLimit)
			ctx, cancel := context.WithTimeout(context.Background(), 2*movedLimit)
			defer cancel()
			r := start(t, lab.Command(ctx, 1, dir, argv...), stop, 2*movedLimit)
			pid, ok := r.untilReady()
			if !ok {
				return
			}
			done := make(chan struct{})
			for n := range mostOnward {
				if n == 2 { // its last lap begins away
					go func() {
						r.finish()
						close(done)
					}()
				}
				select {
				case <-done:
					return
				case <-time.After(pause):
				}
				_, _ = lab.Migrate(ctx, 1, pid, 2+n%2)
			}
			lab.Kill(1, pid) // finish says so
			t.Errorf("it has not ended in %d moves", mostOnward)
			<-done
		})
	}
}

package peer

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// A connection shows that the other machine is there, not that its daemon does anything: the kernel answers
// for one that stands still. So who works at a long request shows that from time to time.

const (
	signEvery = 5 * time.Second
	// signsMissed is how many times nothing is heard before the other node is given up: half a minute, in
	// which a dead connection is known to be dead as well.
	signsMissed = 6
)

// errSilent says that a node does not do what it was asked to, or does not say so.
var errSilent = errors.New("its daemon has stopped answering; what was asked for may go on")

// signs counts how often none has come.
type signs struct{ any atomic.Bool }

// heard notes a sign. A nil one waits for none.
func (s *signs) heard() {
	if s != nil {
		s.any.Store(true)
	}
}

// awaitSigns calls over when there has been none for too long. It counts ticks: who stands still itself has
// not waited.
func awaitSigns(ctx context.Context, every time.Duration, over func(error)) *signs {
	s := &signs{}
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for missed := 0; missed < signsMissed; missed++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if s.any.Swap(false) {
				missed = -1
			}
		}
		over(errSilent)
	}()
	return s
}

// signs sends one at once, and then again and again until the function it returns is called.
func (w *answering) signs(every time.Duration) (end func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for w.send(Reply{Sign: true}) == nil {
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

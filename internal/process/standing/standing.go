// Package standing bounds how long a process stands still in a move, whatever the other side
// does: each step of a move has a limit of its own, but a node that takes or gives a little now
// and then keeps to that. Which side is asked, and what becomes of the process when it has stood for too
// long, is the caller's affair.
//
// A Still that is nil is a process that runs: it is never over, and has nothing to end.
package standing

import (
	"errors"
	"sync"
	"time"

	"openmosix/internal/linux/owntime"
)

// Still is a process that stands still.
type Still struct {
	Limit time.Duration // 0: there is none

	over chan struct{} // closed when it has stood for too long
	stop func() bool
	left sync.WaitGroup // sends that nobody waits for any more
}

// Begin is called when a process is about to stand still; with a limit of 0 it may do so for ever.
func Begin(limit time.Duration) *Still {
	s := &Still{Limit: limit, over: make(chan struct{})}
	if limit > 0 {
		s.stop = owntime.AfterFunc(limit, func() { close(s.over) }).Stop
	}
	return s
}

// End is called when the process runs, or has gone. What was left to be sent is gone when it
// returns: it must not be taken for a part of another attempt.
func (s *Still) End() {
	if s == nil {
		return
	}
	if s.stop != nil {
		s.stop()
	}
	s.left.Wait() // bounded, as a send is
}

// Over is closed when it has stood still for too long.
func (s *Still) Over() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.over
}

// IsOver tells whether it has.
func (s *Still) IsOver() bool {
	select {
	case <-s.Over():
		return true
	default:
		return false
	}
}

// ErrLeft: a send was left to itself.
var ErrLeft = errors.New("what was to be sent may not have been")

// Send has something sent, and waits for that until the process has stood still for too long or
// stop is closed. After ErrLeft what is sent is not the caller's again before End has returned.
func (s *Still) Send(send func() error, stop <-chan struct{}) error {
	if s == nil {
		return send()
	}
	done := make(chan error, 1)
	s.left.Go(func() { done <- send() })
	select {
	case err := <-done:
		return err
	case <-s.over:
	case <-stop:
	}
	return ErrLeft
}

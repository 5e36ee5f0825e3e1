package guest

import (
	"errors"
	"sync"
	"time"
)

// standing bounds how long a body may stand still while it is sent away. Home says for how
// long: it may not hear in time that the body does.
type standing struct {
	over chan struct{} // closed when it has stood still for too long; nil: there is no limit
	stop func() bool
	left sync.WaitGroup // sends that nobody waits for any more
}

// leastStill bounds what home can say.
const leastStill = time.Second

func (s *standing) begin(limit time.Duration) {
	if limit <= 0 {
		return
	}
	s.over = make(chan struct{})
	s.stop = time.AfterFunc(max(limit, leastStill), func() { close(s.over) }).Stop
}

// end is called when the body runs, or has gone. What was left to be sent is gone then: home
// must not take it for a part of another attempt.
func (s *standing) end() {
	if s.stop != nil {
		s.stop()
	}
	s.left.Wait() // bounded, as a send is
}

var errStood = errors.New("the process has stood still for too long, as the way home is slow (still_seconds there is how long it may)")

// stays tells why the body is not sent any further; nil: it is.
func (d *departure) stays() error {
	select {
	case <-d.heard:
		return errGivenUp
	case <-d.still.over:
		return errStood
	default:
		return nil
	}
}

// emit sends a part of the body, a tracee.Emit. When the move is given up, or takes too long, it
// does not wait for home: the parts are not the caller's again then.
func (d *departure) emit(kind uint8, parts ...[]byte) error {
	if err := d.stays(); err != nil {
		return err
	}
	done := make(chan error, 1)
	d.still.left.Add(1)
	go func() {
		defer d.still.left.Done()
		done <- d.b.g.send(kind, d.b.Own, parts...)
	}()
	select {
	case err := <-done:
		return err
	case <-d.heard:
	case <-d.still.over:
	}
	return d.stays()
}

// emitLast sends the last part. With it home has all that it takes for the process to go on
// elsewhere: from here on only home's word counts.
func (d *departure) emitLast(kind uint8) error {
	if err := d.stays(); err != nil {
		return err
	}
	return d.b.g.send(kind, d.b.Own)
}

package deputy

import (
	"fmt"
	"sync"
	"time"

	"openmosix/internal/model/supervisor"
)

// A process stands still in a move for so long, and no longer, whatever the other side does:
// then the move is given up, if it is not over, and the process goes on where it was. Each step
// has a limit of its own, but a node that takes or gives a little now and then keeps to that.

// standing is a process that stands still.
type standing struct {
	limit time.Duration
	over  chan struct{} // closed when it has done so for too long
	timer *time.Timer
	left  sync.WaitGroup // sends that nobody waits for any more
}

// stands notes that a process stands still from now on. Its move ends with goesOn.
func (p *proc) stands() {
	limit := p.s.daemon.Hello().Still
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.still != nil {
		return
	}
	st := &standing{limit: limit, over: make(chan struct{})}
	if limit > 0 {
		st.timer = time.AfterFunc(limit, func() { close(st.over) })
	}
	p.still = st
}

// goesOn ends that, in whatever way the move has ended. What was left to be sent is gone when
// it returns: it must not be taken for a part of another move.
func (p *proc) goesOn() {
	p.mu.Lock()
	st := p.still
	p.still = nil
	p.mu.Unlock()
	if st == nil {
		return
	}
	if st.timer != nil {
		st.timer.Stop()
	}
	st.left.Wait() // bounded, as a send is
}

// standsStill is what p.stands has noted; nil: it runs.
func (p *proc) standsStill() *standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.still
}

// stoodTooLong is closed when it has.
func (p *proc) stoodTooLong() <-chan struct{} {
	if st := p.standsStill(); st != nil {
		return st.over
	}
	return nil
}

// stillError is the reason why a move is given up; nil: there is none.
func (p *proc) stillError() error {
	st := p.standsStill()
	if st == nil {
		return nil
	}
	select {
	case <-st.over:
		return fail(supervisor.Unreachable, fmt.Sprintf("the process has stood still for %v, and the other node, or the way there, is too slow (still_seconds is how long it may)", st.limit))
	default:
		return nil
	}
}

// send sends a part of the move under way. When the process has stood still for too long, or
// the move is given up, it does not wait for the other side: the parts are not the caller's
// again then.
func (p *proc) send(l *link, kind uint8, parts ...[]byte) error {
	st := p.standsStill()
	if st == nil {
		return reach(l.send(kind, p.Own, parts...))
	}
	if err := p.stillError(); err != nil {
		return err
	}
	done := make(chan error, 1)
	st.left.Add(1)
	go func() {
		defer st.left.Done()
		done <- l.send(kind, p.Own, parts...)
	}()
	select {
	case err := <-done:
		return reach(err)
	case <-st.over:
		return p.stillError()
	case <-p.cancelSignal():
		return errCancelled
	}
}

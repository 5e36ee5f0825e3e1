package deputy

import (
	"errors"
	"fmt"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/standing"
)

// A process stands still in a move for so long, and no longer, whatever the other side does:
// then the move is given up, if it is not over, and the process goes on where it was.

// stands notes that a process stands still from now on. Its move ends with goesOn.
func (p *proc) stands() {
	limit := p.s.daemon.Hello().Still
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.still == nil {
		p.still = standing.Begin(limit)
	}
}

// goesOn ends that, in whatever way the move has ended. What was left to be sent is gone when
// it returns: it must not be taken for a part of another move.
func (p *proc) goesOn() {
	p.mu.Lock()
	st := p.still
	p.still = nil
	p.mu.Unlock()
	st.End()
}

// standsStill is what p.stands has noted; nil: it runs.
func (p *proc) standsStill() *standing.Still {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.still
}

// stoodTooLong is closed when it has.
func (p *proc) stoodTooLong() <-chan struct{} { return p.standsStill().Over() }

// stillError is the reason why a move is given up; nil: there is none.
func (p *proc) stillError() error {
	st := p.standsStill()
	if !st.IsOver() {
		return nil
	}
	return fail(supervisor.Unreachable, fmt.Sprintf("the process has stood still for %v, and the other node, or the way there, is too slow (still_seconds is how long it may)", st.Limit))
}

// send sends a part of the move under way. When the process has stood still for too long, or
// the move is given up, it does not wait for the other side: the parts are not the caller's
// again then.
func (p *proc) send(l *link, kind uint8, parts ...[]byte) error {
	if err := p.stillError(); err != nil {
		return err
	}
	err := p.standsStill().Send(func() error { return l.send(kind, p.Own, parts...) }, p.cancelSignal())
	switch {
	case !errors.Is(err, standing.ErrLeft):
		return unsent(err)
	case p.isCancelled():
		return errCancelled
	}
	return p.stillError()
}

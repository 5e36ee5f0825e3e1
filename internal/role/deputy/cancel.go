package deputy

import (
	"openmosix/internal/model/supervisor"
)

// A move can be given up until it is decided: until all that the process needs to
// run elsewhere is about to be there. From then on only the other side knows whether it does.

var errCancelled = fail(supervisor.Cancelled, "the move was cancelled")

// cancelMove has a move that is under way given up.
func (s *Supervisor) cancelMove(pid int) error {
	p := s.procByPID(pid)
	if p == nil {
		return fail(supervisor.NotMoving, "it is not being moved")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.moving:
		return fail(supervisor.NotMoving, "it is not being moved")
	case p.decided:
		return fail(supervisor.NotMoving, "it is too late: the process is about to go on where it was sent")
	}
	select {
	case <-p.cancel:
	default:
		close(p.cancel)
	}
	return nil
}

// decide ends the time in which the move can be given up, if it has not been.
func (p *proc) decide() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.cancel:
		return errCancelled
	default:
	}
	p.decided = true
	return nil
}

// cancelSignal is closed when the move under way is to be given up.
func (p *proc) cancelSignal() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cancel
}

func (p *proc) isCancelled() bool {
	select {
	case <-p.cancelSignal():
		return true
	default:
		return false
	}
}

// at notes how far a move has got, for who asks.
func (p *proc) at(phase string, done, total uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase, p.done, p.total = phase, done, total
}

// toldEvery is how much comes between two words of progress, bytes.
const toldEvery = 8 << 20

// arriving counts what comes ahead of a freeze, and tells of it. How much it will be
// only the other side knows: not more than what is there.
func (p *proc) arriving(progress func(string, uint64, uint64)) func(data []byte) {
	var done, told uint64
	return func(data []byte) {
		if done += uint64(len(data)); done-told >= toldEvery {
			told = done
			p.mu.Lock()
			most := p.rss
			p.mu.Unlock()
			progress("precopy", done, max(done, most))
		}
	}
}

package deputy

import (
	"math"
	"time"
)

// Signals can come faster than the guest's side takes them: those of a timer with a short interval, or of
// somebody who sends without pause. A deputy takes each at once, where the process itself would
// have one of each number pending. So when too much waits in the connection, signals wait here, and
// are pending as in the kernel: an ordinary one once. They go out before anything else that
// is said to the process.

const (
	// crowded is how many bytes wait to be sent when signals begin to wait here.
	crowded = 64 << 10
	// unsentPause is how soon it is looked whether they can go out.
	unsentPause = time.Millisecond
	// mostUnsent bounds those that are pending more than once.
	mostUnsent = 1 << 14
	// firstReal is the first signal that is.
	firstReal = 32
)

// Offsets in the siginfo of a timer's signal: which timer, and how often it went off besides.
const (
	timerNumber  = 16
	timerOverrun = 20
)

// absorbed tells whether a signal is pending here already, so that another one is none. Precondition: mu is held.
func (p *proc) absorbed(one sentSignal) bool {
	for i := range p.unsent {
		w := &p.unsent[i]
		if w.info.Signal() != one.info.Signal() || w.toThread != one.toThread || w.toThread && w.own != one.own {
			continue
		}
		switch ofTimer := siCode(&one.info) == siTimer; {
		case ofTimer && siCode(&w.info) == siTimer && le.Uint32(w.info[timerNumber:]) == le.Uint32(one.info[timerNumber:]):
			overruns := uint64(le.Uint32(w.info[timerOverrun:])) + uint64(le.Uint32(one.info[timerOverrun:])) + 1
			le.PutUint32(w.info[timerOverrun:], uint32(min(overruns, math.MaxInt32)))
			return true
		case !ofTimer && one.info.Signal() < firstReal:
			return true
		}
	}
	return false
}

// waitsHere keeps a signal back until there is room for it. False: it can be sent. Precondition: mu is held.
func (p *proc) waitsHere(l *link, one sentSignal) bool {
	if p.moving || p.unborn || len(p.unsent) == 0 && l.conn.Waiting() <= crowded {
		return false
	}
	if len(p.unsent) >= mostUnsent {
		p.sendUnsent(l)
	}
	p.unsent = append(p.unsent, one)
	p.keepsBack.Store(true)
	if !p.sending {
		p.sending = true
		go p.sendsLater()
	}
	return true
}

// sendUnsent sends what has been kept back. Precondition: mu is held.
func (p *proc) sendUnsent(l *link) {
	all := p.unsent
	p.unsent = nil
	p.keepsBack.Store(false)
	for _, one := range all {
		p.postSignal(l, one)
	}
}

// catchUp is sendUnsent for who says something to the process besides.
func (p *proc) catchUp(l *link) {
	if !p.keepsBack.Load() {
		return
	}
	p.mu.Lock()
	p.sendUnsent(l)
	p.mu.Unlock()
}

// sendsLater sends what has been kept back as soon as there is room.
func (p *proc) sendsLater() {
	for again := true; again; {
		time.Sleep(unsentPause)
		p.mu.Lock()
		l := p.link
		switch {
		case l == nil:
			p.unsent = nil
			p.keepsBack.Store(false)
		case l.conn.Waiting() <= crowded:
			p.sendUnsent(l)
		}
		again = len(p.unsent) > 0
		p.sending = again
		p.mu.Unlock()
	}
}

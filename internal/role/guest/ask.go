package guest

import (
	"time"

	"golang.org/x/sys/unix"
)

// A call of several steps is made by a sequence of its own, for which the thread waits: the sequence asks home, and no signal
// breaks off what it does. Who looks at a thread's call from elsewhere learns that under its mu.

// abandonCall: the thread is gone; a sequence that waits for its call must not.
func (s *strand) abandonCall() {
	s.mu.Lock()
	p := s.call
	s.call = nil
	if p != nil && p.rpc != nil {
		select {
		case p.rpc <- result{ret: -int64(unix.ESRCH)}:
		default:
		}
	}
	s.mu.Unlock()
}

// ask makes a call at home on behalf of a sequence and waits for the result.
func (s *strand) ask(p *pending, kind uint8, body []byte) result {
	s.mu.Lock()
	if p.rpc == nil {
		p.rpc = make(chan result, 1)
	}
	reply := p.rpc
	s.mu.Unlock()
	p.asked, p.size = time.Now(), len(body)
	if err := s.b.g.send(kind, s.t.Own, body); err != nil {
		return result{ret: -int64(unix.EIO)}
	}
	select {
	case r := <-reply:
		return r
	case <-s.b.g.done:
		return result{ret: -int64(unix.ESRCH)}
	}
}

// asksNoMore has the thread wait for what comes now, not the sequence any more.
func (s *strand) asksNoMore(p *pending) {
	s.mu.Lock()
	p.rpc = nil
	s.mu.Unlock()
}

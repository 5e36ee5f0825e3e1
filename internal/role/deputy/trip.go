package deputy

import (
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/visible"
	"openmosix/internal/model/wire"
)

// stay keeps the supervisor from ending while something is to be told.
func (s *Supervisor) stay(n int) {
	s.mu.Lock()
	s.requests += n
	s.mu.Unlock()
}

// trip is what is known of a move when it begins.
func (p *proc) trip(from *link, to int) supervisor.Trip {
	t := supervisor.Trip{To: to}
	if from != nil {
		t.From = from.node
	}
	if st, err := p.Family.FS.Stat(p.PID); err == nil {
		t.Command = st.Comm
	}
	return t
}

// overAfter is the end of a move. The process is still in it.
func (p *proc) overAfter(t supervisor.Trip, begun time.Time, still time.Duration) supervisor.Trip {
	t.Over, t.Took, t.Micros, t.Bytes = true, time.Since(begun).Microseconds(), still.Microseconds(), p.carriedBytes()
	return t
}

// tellTrip tells of a move's beginning or, with how it went, its end.
func (s *Supervisor) tellTrip(r supervisor.Request, t supervisor.Trip, err error) {
	t.Why = clip(r.Why)
	if err != nil {
		e := s.failure(r, err)
		t.Code, t.Text = e.Code, clip(e.Text)
	}
	s.tell(supervisor.Event{Kind: supervisor.Travels, PID: r.PID, Trip: &t})
}

// tellExec tells that a process has come home by executing a program.
func (s *Supervisor) tellExec(p *proc, from *link) {
	t := p.trip(from, 0)
	t.Exec, t.Over = true, true
	s.tellTrip(supervisor.Request{PID: p.PID}, t, nil)
}

// maxWords bounds what is told in words: it may come from the guest side.
const maxWords = 1024

func clip(words string) string { return words[:min(len(words), maxWords)] }

// said is clip of what the guest side may have said, fit for a terminal.
func said(words string) string {
	return visible.Text(clip(words))
}

// carriedBytes tells, once, how much of a process the move under way has sent, from here
// or to here. Of one that goes on to a third node it is what went there.
func (p *proc) carriedBytes() uint64 {
	p.mu.Lock()
	l := p.dealing
	p.mu.Unlock()
	if l == nil {
		return p.carried.Load()
	}
	l.sentMu.Lock()
	defer l.sentMu.Unlock()
	defer delete(l.sent, p.Own)
	return l.sent[p.Own]
}

// carries notes what is sent of a process that is on its way by a link.
func (l *link) carries(kind uint8, id int, parts [][]byte) {
	switch kind {
	case wire.Prepare, wire.File, wire.Pages, wire.Same, wire.Zero, wire.Thaw:
	default:
		return
	}
	l.sentMu.Lock()
	defer l.sentMu.Unlock()
	if l.sent == nil {
		l.sent = map[int]uint64{}
	}
	for _, p := range parts {
		l.sent[id] += uint64(len(p))
	}
}

// carriesNothing: another move of a process by this link begins.
func (l *link) carriesNothing(id int) {
	l.sentMu.Lock()
	defer l.sentMu.Unlock()
	delete(l.sent, id)
}

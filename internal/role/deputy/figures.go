package deputy

import (
	"slices"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/tally"
	"openmosix/internal/model/wire"
)

// figures are those of forwarded calls since this supervisor began, of all its
// processes. Guarded by Supervisor.mu.
type figures struct {
	seen tally.Sum // as the guest sides have told
	done tally.Sum // as the deputies did it
}

// rowsAtOnce keeps a message well below what a socket takes in one piece.
const rowsAtOnce = 64

func (s *Supervisor) countSeen(l *link, f frame) {
	var m wire.CallsMsg
	err := wire.Decode(f.data, &m)
	if err == nil {
		err = tally.Validate(m.Calls)
	}
	if err != nil {
		l.complain("bad figures of forwarded calls", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.figures.seen.Add(m.Calls)
}

// tellFigures tells the daemon all figures: one that has come later knows none.
func (s *Supervisor) tellFigures() {
	s.mu.Lock()
	s.figures.done.Add(s.calls.Take())
	seen, done := s.figures.seen.List(), s.figures.done.List()
	s.mu.Unlock()
	for rows := range slices.Chunk(seen, rowsAtOnce) {
		s.tell(supervisor.Event{Kind: supervisor.Counted, Calls: &supervisor.Calls{Seen: rows}})
	}
	for rows := range slices.Chunk(done, rowsAtOnce) {
		s.tell(supervisor.Event{Kind: supervisor.Counted, Calls: &supervisor.Calls{Done: rows}})
	}
}

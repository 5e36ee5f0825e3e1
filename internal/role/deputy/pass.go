package deputy

import (
	"fmt"
	"slices"

	"openmosix/internal/linux/fault"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// The pages of a process that has gone on from one node to another are passed on by
// home, which both are connected to; the two need not know a way to each other.

const (
	// cameSize is how many frames of pages may wait to be passed on; then the reader
	// of the link waits.
	cameSize = 64
	// wantedAtOnce is how many ranges go into one request.
	wantedAtOnce = 1024
)

// askThere passes a request on. s.mu is held.
func (s *source) askThere(ranges []image.Range, urgent bool) {
	for some := range slices.Chunk(ranges, wantedAtOnce) {
		s.onWay += layout.Bytes(some)
		if err := s.from.post(wire.Want, s.p.Own, wire.Encode(wire.WantMsg{Ranges: some, Urgent: urgent})); err != nil {
			return // the link is lost, which pass sees
		}
	}
}

// pass sends on what comes from the other node.
func (s *source) pass() {
	for {
		select {
		case <-s.quit:
			return
		case <-s.link.gone:
			return
		case data := <-s.came:
			if !s.passOne(data) {
				return
			}
		case <-s.from.gone:
			s.lastPassed()
			return
		}
	}
}

// passOne sends one frame on; false: there is no use in more.
func (s *source) passOne(data []byte) bool {
	n, err := s.expected(data)
	if err != nil {
		s.cut(err.Error())
		return false
	}
	if s.p.away() == s.link {
		s.p.s.fault.Reach(fault.HomePasses)
	}
	if s.link.send(wire.Fetched, s.p.Own, data) != nil {
		return false // lost, which is told to the process elsewhere
	}
	s.gave(n)
	return true
}

// lastPassed: the other node is out of reach. Its last frames may be all that was needed.
func (s *source) lastPassed() {
	for {
		select {
		case data := <-s.came:
			if !s.passOne(data) {
				return
			}
			continue
		default:
		}
		if given, total := s.progress(); given < total {
			s.cut("the connection to the node that still had a part of its memory was lost")
		}
		return
	}
}

// expected checks that pages were asked for, and tells how many bytes they are. What they
// are the side that gets them knows.
func (s *source) expected(data []byte) (uint64, error) {
	pieces, err := wire.DecodeFetched(data)
	if err != nil {
		return 0, err
	}
	var n uint64
	for _, p := range pieces {
		n += uint64(len(p.Bytes))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.onWay {
		return 0, fmt.Errorf("node %d sends %d bytes of a process's memory where %d were asked for", s.from.node, n, s.onWay)
	}
	s.onWay -= n
	return n, nil
}

// cut ends a process of which a part is lost, if it needs that still.
func (s *source) cut(why string) {
	select {
	case <-s.quit:
		return
	default:
	}
	s.p.s.log.Error("a part of a process's memory is lost: killing it", "pid", s.p.PID, "node", s.from.node, "why", why)
	s.p.s.tell(supervisor.Event{Kind: supervisor.Lost, PID: s.p.PID, Node: s.from.node, Text: why})
	kill(s.p.PID)
}

// sourceBehind is that of a process whose pages are still behind l; nil: they are not.
func (s *Supervisor) sourceBehind(l *link, own int) *source {
	p := s.procByOwn(own)
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.source != nil && p.source.from == l {
		return p.source
	}
	return nil
}

// fetchedFrom takes pages that are to be passed on. Link reader.
func (s *Supervisor) fetchedFrom(l *link, f frame) {
	if c := s.comingFrom(l, f.id); c != nil {
		c.all.Came(f.data)
		return
	}
	src := s.sourceBehind(l, f.id)
	if src == nil {
		return // of a process that has all, or has ended
	}
	select {
	case src.came <- f.data:
	case <-src.quit:
	case <-src.link.gone:
	}
}

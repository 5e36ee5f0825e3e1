package deputy

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/model/image"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// The pages of a process that has gone on from one node to another are passed on by
// home, which both are connected to; the two need not know a way to each other. Either may
// lie, be slow, or say nothing: the other's calls go on meanwhile, and it is not kept for ever.

const (
	// onTheWay is how much is asked of the other node and not passed on yet. What a thread
	// waits for goes beyond it, up to twice as much.
	onTheWay = 8 << 20
	// A request is made for at least so much, not for each frame that has been passed on.
	worthAsking = onTheWay / 4
	urgentPiece = 64 << 10
	// wantedAtOnce is how many ranges go into one request.
	wantedAtOnce = 1024
	// askedAfter is how long the node that the process runs on may ask for nothing: then all
	// is given to it, so that the node it has left can forget it.
	askedAfter = 30 * time.Second
)

// passage is what a source has of another node. The source's mu guards it.
type passage struct {
	from     *link
	expected missing.Expected
	came     []arrived // never more than was asked for
	waiting  uint64    // bytes of pages in them
	settled  bool      // the process runs there for good
	once     sync.Once // letGo
	told     sync.Once // cut
}

// arrived is a Fetched frame that has been checked, and how many bytes of pages it has.
type arrived struct {
	data  []byte
	pages uint64
}

// askThere passes requests on, as many as may be on their way. s.mu is held.
func (s *source) askThere() {
	for {
		most, least, urgent := uint64(onTheWay), uint64(worthAsking), s.supply.Urgent()
		if urgent {
			most, least = 2*most, urgentPiece
		}
		under := s.there.expected.Bytes() + s.there.waiting
		if under+least > most {
			return
		}
		ranges := s.supply.Next(most - under)
		if len(ranges) == 0 {
			return
		}
		s.there.expected.Add(ranges)
		for some := range slices.Chunk(ranges, wantedAtOnce) {
			if err := s.there.from.post(wire.Want, s.p.Own, wire.Encode(wire.WantMsg{Ranges: some, Urgent: urgent})); err != nil {
				return // the link is lost, which pass sees
			}
		}
	}
}

// pass sends on what comes from the other node, until all is given.
func (s *source) pass() {
	tick := time.NewTicker(wholeTick)
	defer tick.Stop()
	w := &watched{}
	for {
		if !s.passCame() {
			return
		}
		select {
		case <-s.quit:
			return
		case <-s.link.gone:
			return
		case <-s.kick:
		case <-tick.C:
			if !s.goesOn(w) {
				s.cut(fmt.Sprintf("node %d gives what it still has of it not at all, or too slowly", s.there.from.node))
				return
			}
		case <-s.there.from.gone:
			s.lastPassed()
			return
		}
	}
}

// watched is how a passage has got on.
type watched struct {
	patience missing.Patience
	given    uint64
	idle     time.Duration
}

// goesOn looks at it after one more tick; false: it does not. Time is counted in ticks: a
// machine that stood still has not waited.
func (s *source) goesOn(w *watched) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	came := s.given - w.given
	w.given = s.given
	switch {
	case s.there.expected.Bytes() > 0:
		w.idle = 0
		return w.patience.Wait(wholeTick, came)
	case s.there.waiting > 0 || came > 0:
		w.idle = 0
	default:
		if w.idle += wholeTick; w.idle > askedAfter {
			s.supply.Ask([]image.Range{{End: addressEnd}}, false)
			s.askThere()
		}
	}
	w.patience.Rest()
	return true
}

// passCame sends on what has come; false: there is no use in more.
func (s *source) passCame() bool {
	for {
		s.mu.Lock()
		if len(s.there.came) == 0 {
			over := s.given >= s.total && s.there.settled
			s.mu.Unlock()
			if over {
				s.letGo(true)
			}
			return !over
		}
		one := s.there.came[0]
		s.there.came = s.there.came[1:]
		s.mu.Unlock()
		if s.p.away() == s.link {
			s.p.s.fault.Reach(fault.HomePasses)
		}
		if s.link.send(wire.Fetched, s.p.Own, one.data) != nil {
			return false // lost, which is told to the process elsewhere
		}
		s.gave(one.pages)
		s.mu.Lock()
		s.there.waiting -= one.pages
		s.askThere()
		s.mu.Unlock()
	}
}

// lastPassed: the other node is out of reach. Its last frames may be all that was needed.
func (s *source) lastPassed() {
	if !s.passCame() {
		return
	}
	if given, total := s.progress(); given < total {
		s.cut("the connection to the node that still had a part of its memory was lost")
	}
}

// arrives takes a frame of the other node: pages that were asked for. What they are the side
// that gets them knows.
func (s *source) arrives(data []byte) error {
	pieces, err := wire.DecodeFetched(data)
	if err != nil {
		return err
	}
	var n uint64
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range pieces {
		if !s.there.expected.Take(image.Range{Start: p.At, End: p.At + uint64(len(p.Bytes))}) {
			return fmt.Errorf("node %d sends pages of it at %#x that it was not asked for", s.there.from.node, p.At)
		}
		n += uint64(len(p.Bytes))
	}
	s.there.came = append(s.there.came, arrived{data, n})
	s.there.waiting += n
	return nil
}

// settle: the process runs on the other node for good, whatever happens. When all has been
// given the node that it has left can forget it; whether the other one has taken it all in
// does not matter.
func (s *source) settle() {
	s.mu.Lock()
	s.there.settled = true
	s.mu.Unlock()
	s.poke()
}

// letGo ends the use of the other node; commit: it is to forget the process.
func (s *source) letGo(commit bool) {
	s.there.once.Do(func() {
		if commit {
			_ = s.there.from.post(wire.Commit, s.p.Own)
		}
		s.there.from.unuse()
	})
}

// cut ends a process of which a part is lost, if it needs that still.
func (s *source) cut(why string) {
	select {
	case <-s.quit:
		return
	default:
	}
	s.there.told.Do(func() {
		node := s.there.from.node
		s.p.s.log.Error("a part of a process's memory is lost: killing it", "pid", s.p.PID, "node", node, "why", why)
		s.p.s.tell(supervisor.Event{Kind: supervisor.Lost, PID: s.p.PID, Node: node, Text: why})
		kill(s.p.PID)
	})
}

// sourceBehind is that of a process whose pages are still behind l; nil: they are not.
func (s *Supervisor) sourceBehind(l *link, own int) *source {
	p := s.procByOwn(own)
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.source != nil && p.source.there != nil && p.source.there.from == l {
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
	if err := src.arrives(f.data); err != nil {
		src.cut(err.Error())
		return
	}
	src.poke()
}

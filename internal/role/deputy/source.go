package deputy

import (
	"fmt"
	"sync"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/image"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/pagesum"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// source gives the pages of a process that runs elsewhere and that were not sent
// before. They are in the deputy's own memory, which nobody writes to while it is one;
// or, of a process that has gone on from another node, in its body there, which stands
// still: then what is asked for is asked of that node, and what comes is passed on.
// The guest side asks, for what a thread waits for first.
type source struct {
	p     *proc
	link  *link          // to where the process runs
	there *passage       // where the pages are; nil: here
	holds *pagesum.Table // what the node it runs on holds of them; of the goroutine that gives
	kick  chan struct{}  // capacity 1: something was asked for
	quit  chan struct{}
	once  sync.Once

	mu           sync.Mutex
	supply       *missing.Supply
	total, given uint64 // bytes
}

// fetchedFrame is how much goes in one frame: the next urgent request waits for one.
const fetchedFrame = 256 << 10

// supplyPages makes the pages that are missing at the guest available to it. They are
// behind from, or here.
func (p *proc) supplyPages(l, from *link, lacks []image.Range) {
	s := &source{p: p, link: l, kick: make(chan struct{}, 1), quit: make(chan struct{}), supply: missing.NewSupply(lacks), holds: p.holds}
	s.total = s.supply.Pages() * image.PageSize
	run := s.run
	if from != nil {
		from.use()
		s.there = &passage{from: from}
		run = s.pass
	}
	p.mu.Lock()
	p.source = s
	p.mu.Unlock()
	go run()
}

func (s *source) stop() { s.once.Do(func() { close(s.quit) }) }

// endSource: no page of the process will be asked for any more. The node that still
// has some forgets it.
func (p *proc) endSource() {
	if s := p.takeSource(); s != nil && s.there != nil {
		s.letGo(true)
	}
}

// takeSource ends the source, and tells nobody.
func (p *proc) takeSource() *source {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.source
	if s != nil {
		s.stop()
		p.source = nil
	}
	return s
}

// maxWanted bounds the ranges of one request; a guest side asks for less than 8 MB at once.
const maxWanted = 8 << 20 / image.PageSize

// wanted takes a request. Link reader.
func (s *Supervisor) wanted(l *link, f frame) {
	var m wire.WantMsg
	err := wire.Decode(f.data, &m)
	if err == nil {
		err = image.ValidateRanges(m.Ranges)
	}
	if err == nil && len(m.Ranges) > maxWanted {
		err = fmt.Errorf("%d ranges at once, more than %d", len(m.Ranges), maxWanted)
	}
	if err != nil {
		l.complain("bad request for pages", "error", err)
		return
	}
	p := s.servedBy(l, f.id)
	if p == nil {
		return
	}
	p.mu.Lock()
	src := p.source
	p.mu.Unlock()
	switch {
	case src == nil || src.link != l:
	case m.Done:
		p.endSource()
		go p.isWhole()
	default:
		src.ask(m)
	}
}

func (s *source) ask(m wire.WantMsg) {
	s.mu.Lock()
	s.supply.Ask(m.Ranges, m.Urgent)
	if s.there != nil {
		s.askThere()
	}
	s.mu.Unlock()
	s.poke()
}

// poke tells the source's goroutine that there is something to do.
func (s *source) poke() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// next takes what is to be sent next, as much as one frame holds.
func (s *source) next() []image.Range {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.supply.Next(fetchedFrame)
}

func (s *source) run() {
	buf := make([]byte, fetchedFrame)
	for {
		rs := s.next()
		if len(rs) == 0 {
			select {
			case <-s.kick:
				continue
			case <-s.quit:
				return
			case <-s.link.gone:
				return
			}
		}
		if s.p.away() == s.link {
			s.p.s.fault.Reach(fault.HomeServes)
		}
		if err := s.send(rs, buf); err != nil {
			s.broken(err)
			return
		}
	}
}

// goneWait is how long a process that has ended, or that has become another program,
// may take to be known as such.
const goneWait = time.Second

// broken: a page cannot be read. Without it the process cannot go on, if it is still
// what it was.
func (s *source) broken(err error) {
	select {
	case <-s.quit:
		return
	case <-s.link.gone:
		return
	case <-time.After(goneWait):
	}
	s.p.mu.Lock()
	other := s.p.ended || s.p.exec != nil || s.p.link != s.link
	s.p.mu.Unlock()
	if !other {
		s.p.s.log.Error("a page of a process that is away cannot be read: killing it", "pid", s.p.PID, "error", err)
		kill(s.p.PID)
	}
}

func (s *source) send(rs []image.Range, buf []byte) error {
	var parts [][]byte
	var same []image.Range
	var n uint64
	for _, r := range rs {
		b := buf[n : n+r.Len()]
		if err := s.p.Forced().Read(r.Start, b); err != nil {
			return err
		}
		n += r.Len()
		_ = s.divide(r.Start, b, func(at uint64, b []byte, held bool) error {
			if held {
				same = append(same, image.Range{Start: at, End: at + uint64(len(b))})
			} else {
				parts = append(parts, wire.FetchedHead(at, len(b)), b)
			}
			return nil
		})
	}
	var err error
	if len(parts) > 0 {
		err = s.link.send(wire.Fetched, s.p.Own, parts...)
	}
	if err == nil && len(same) > 0 {
		err = s.link.send(wire.Again, s.p.Own, wire.Encode(wire.RangesMsg{Ranges: same}))
	}
	if err != nil {
		return nil // the link is lost, which is told to the process elsewhere
	}
	s.gave(n)
	return nil
}

// divide tells which of neighbouring pages the other node holds.
func (s *source) divide(at uint64, b []byte, each func(at uint64, b []byte, held bool) error) error {
	if s.holds.Empty() {
		return each(at, b, false)
	}
	return s.holds.Split(at, b, each)
}

func (s *source) gave(n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given += n
	s.p.fetched.Add(n)
}

// progress tells how many bytes have been given, and of how many.
func (s *source) progress() (given, total uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given, s.total
}

// all sends everything, unasked.
func (s *source) all() { s.ask(wire.WantMsg{Ranges: []image.Range{{End: addressEnd}}}) }

// addressEnd is above every address of a program.
const addressEnd = 1 << 47

// awaitWhole waits until the guest has all pages of the process: without them it
// cannot be frozen.
func (p *proc) awaitWhole(progress func(string, uint64, uint64)) error {
	p.mu.Lock()
	s := p.source
	p.mu.Unlock()
	if s == nil {
		return nil
	}
	s.all()
	tick := time.NewTicker(wholeTick)
	defer tick.Stop()
	before, within := uint64(0), owntime.Within(stepLimit)
	for {
		given, total := s.progress()
		progress(fetchPhase, given, total)
		if given != before {
			before, within = given, owntime.Within(stepLimit)
		}
		switch {
		case p.ends():
			return tracee.ErrGone
		case within.Over():
			return fail(supervisor.Unreachable, "the guest's side does not take the pages that it has not got yet")
		}
		select {
		case <-s.quit:
			return nil
		case <-s.link.gone:
			return fail(supervisor.Unreachable, "the connection to the guest's node was lost")
		case <-p.cancelSignal():
			return errCancelled
		case <-tick.C:
		}
	}
}

// fetchPhase is that in which the guest gets its last pages.
const fetchPhase = "fetch"

const wholeTick = 100 * time.Millisecond

// ends tells whether the process has ended.
func (p *proc) ends() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// strategyOf checks how a move is to be made.
func strategyOf(r supervisor.Request, l *link) (supervisor.Strategy, error) {
	if r.Strategy == supervisor.PostCopy && !l.fetches.Load() {
		return "", fail(supervisor.Refused, fmt.Sprintf("node %d cannot fetch pages later (it has no /dev/userfaultfd): leave the strategy to the nodes", l.node))
	}
	return r.Strategy, nil
}

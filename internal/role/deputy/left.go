package deputy

import (
	"time"

	"openmosix/internal/linux/owntime"
)

// What a process wrote away into files of its own comes when it has ended, from the node it ran
// on. Until then nobody can open them here, whoever has heard of its end.

// left is what a process that has ended has written and that has not come yet.
type left struct {
	from  *link
	own   int
	soles []*soleFile
}

// leftLimit bounds that: the other node has nothing else to do for it.
const leftLimit = 30 * time.Second

// awaitLeft waits for what a process of which nothing runs at l any more has written; nil: it ran here.
func (s *Supervisor) awaitLeft(p *proc, l *link) {
	soles := p.takeSoles()
	defer p.allLeft(false)
	if len(soles) == 0 {
		return
	}
	if l == nil {
		release(soles)
		return
	}
	w := &left{from: l, own: p.Own, soles: soles}
	s.mu.Lock()
	s.lefts = append(s.lefts, w)
	s.mu.Unlock()
	if p.hasLeft() {
		s.leftOver(w, "")
		return
	}
	select {
	case <-l.gone:
		s.leftOver(w, "the connection to its node was lost")
	default:
		owntime.AfterFunc(leftLimit, func() { s.leftOver(w, "its node says nothing of it") })
	}
}

// leftCame takes some of it. Its end may be noticed there before it is here: then the process has what
// is to be written, and who notices its end here looks whether that was all. Link reader.
func (s *Supervisor) leftCame(l *link, f frame) {
	p := s.servedBy(l, f.id)
	if p != nil && len(f.data) == 0 {
		p.allLeft(true)
	} else if p != nil && storeSole(p.hasSoles(), f.data) == nil {
		return
	}
	for _, w := range s.leftBehind(l) {
		if w.own != f.id {
			continue
		}
		if len(f.data) == 0 {
			s.leftOver(w, "")
		} else if err := storeSole(w.soles, f.data); err != nil {
			s.leftOver(w, err.Error())
		}
		return
	}
}

// allLeft notes whether all that the process has left behind is here.
func (p *proc) allLeft(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = is
}

func (p *proc) hasLeft() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

func (s *Supervisor) leftBehind(l *link) []*left {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*left
	for _, w := range s.lefts {
		if w.from == l {
			all = append(all, w)
		}
	}
	return all
}

// leftOver lets the files go; why: not all has come.
func (s *Supervisor) leftOver(w *left, why string) {
	s.mu.Lock()
	before := len(s.lefts)
	s.lefts = without(s.lefts, w)
	over := len(s.lefts) < before
	s.mu.Unlock()
	if !over {
		return
	}
	if why != "" {
		s.log.Error("what a process wrote into a mapped file on another node is lost", "process", w.own, "why", why)
	}
	release(w.soles)
	s.endIfIdle()
}

func without(all []*left, one *left) []*left {
	var rest []*left
	for _, w := range all {
		if w != one {
			rest = append(rest, w)
		}
	}
	return rest
}

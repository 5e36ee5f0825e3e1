package information

import (
	"openmosix/internal/model/gossip"
	"openmosix/internal/model/load"
	"openmosix/internal/model/roster"
)

// Reports is what a balancer may go by: of each other node that may be up, has
// its number alone and tells of its load, the freshest report, the freshest first.
func (s *Service) Reports() []Known {
	var out []Known
	for _, k := range s.Others() {
		if n, known := s.o.Cluster.Node(k.Report.Node); known && !k.Report.Quiet && len(n.Twins) == 0 {
			out = append(out, k)
		}
	}
	return out
}

// Others is all that is known of other nodes that may be up, quiet ones among
// them, the freshest first. What the membership says holds; of a node that is
// only configured it says nothing, and silence is taken for an end.
func (s *Service) Others() []Known {
	s.mu.Lock()
	all := s.window.Others(s.now())
	s.mu.Unlock()
	silence := gossip.Silence(len(all) + 1)
	var out []Known
	for _, k := range all {
		n, known := s.o.Cluster.Node(k.Report.Node)
		if known && (n.State == roster.Up || n.State == roster.Unheard && k.Age < silence) {
			out = append(out, k)
		}
	}
	return out
}

// Own gives this node's report of now, with all figures, told or not.
func (s *Service) Own() load.Report {
	r := s.o.Own().Bounded()
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Instance, r.Sequence = s.instance, s.sequence
	return r
}

// Learn takes in what a node has just answered.
func (s *Service) Learn(r load.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.Learn(r, s.now())
}

// Forget drops what is known of a node that did not answer.
func (s *Service) Forget(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.Forget(number)
}

package gossip

import "time"

// Freshest gives up to k entries: this node's own, and then those of others
// that were measured last.
func (w *Window) Freshest(k int, now time.Duration) []Known {
	w.expire(now)
	out := make([]Known, 0, max(k, 0))
	if w.own != nil && k > 0 {
		out = append(out, w.own.known(now))
	}
	for e := w.order.Front(); e != nil && len(out) < k; e = e.Next() {
		out = append(out, e.Value.(*seen).known(now))
	}
	return out
}

// Others gives one entry for each other node of which something is known, the
// freshest first. Of two instances of a number it is the fresher one: a node
// that was started again, or one of two twins.
func (w *Window) Others(now time.Duration) []Known {
	w.expire(now)
	out := make([]Known, 0, len(w.nodes))
	for e := w.order.Front(); e != nil; e = e.Next() {
		s := e.Value.(*seen)
		if first, _ := w.freshest(s.report.Node); first == s {
			out = append(out, s.known(now))
		}
	}
	return out
}

// Of gives the freshest entry of another node.
func (w *Window) Of(number int, now time.Duration) (Known, bool) {
	w.expire(now)
	s, known := w.freshest(number)
	if !known {
		return Known{}, false
	}
	return s.known(now), true
}

func (w *Window) freshest(number int) (*seen, bool) {
	var best *seen
	for _, e := range w.nodes[number] {
		if s := e.Value.(*seen); best == nil || s.at > best.at {
			best = s
		}
	}
	return best, best != nil
}

func (s *seen) known(now time.Duration) Known {
	return Known{Report: s.report, Age: max(now-s.at, 0)}
}

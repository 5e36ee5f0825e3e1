package balance

import "math"

// bandwidth and latency of a way, in bytes per second and seconds.
func (l Link) bandwidth() float64 {
	if l.Bandwidth > 0 {
		return l.Bandwidth
	}
	return DefaultBandwidth
}

func (l Link) latency() float64 {
	if l.Latency > 0 {
		return l.Latency.Seconds()
	}
	return DefaultLatency.Seconds()
}

// way between two nodes of which this node may be neither: then the worse of its
// own ways to them has to do.
func (w *world) way(a, b *node) Link {
	var l Link
	for _, n := range []*node{a, b} {
		if n == nil || n == w.self {
			continue
		}
		if l.Bandwidth == 0 || n.Link.bandwidth() < l.Bandwidth {
			l.Bandwidth = n.Link.bandwidth()
		}
		l.Latency = max(l.Latency, n.Link.Latency)
		l.Freeze = max(l.Freeze, n.Link.Freeze)
	}
	return l
}

// tax is what a process loses by calls that go home: weighted seconds per second.
func (w *world) tax(p *proc, n *node) float64 {
	if n == nil || n.Number == p.Home || p.Kind == CPUJob {
		return 0
	}
	l := w.way(p.home, n)
	tax := (p.Calls*l.latency() + p.CallBytes/l.bandwidth()) * p.weight
	if p.Fresh { // the calls are those of whole runs; what is seen of one that runs comes and goes
		tax += p.Calls * w.work(w.rules.CallWork.Seconds(), p.home, n)
	}
	return tax
}

// work is what others lose, in weighted seconds, by so many seconds that
// supervisors compute on each of both nodes: all who wait for a CPU there, where
// there is none free.
func (w *world) work(each float64, a, b *node) float64 {
	lost := 0.0
	for _, n := range []*node{a, b} {
		if n == nil {
			continue
		}
		taken := math.Pow(min(n.demand/float64(n.CPUs), 1), float64(n.CPUs)) // that none is free
		lost += n.weight / float64(n.CPUs) * taken
	}
	return each * lost
}

// takes is how long a process has less of a CPU because it moves, in seconds: the
// freeze, and what its bytes take from it and from the link.
func (w *world) takes(p *proc, to *node) float64 {
	l := w.way(p.at, to)
	freeze := w.rules.Freeze
	if l.Freeze > 0 && !p.Fresh {
		freeze = l.Freeze
	}
	takes := freeze.Seconds() + l.latency()
	if !p.Fresh {
		takes += p.bytes / l.bandwidth() * (1 + w.rules.Warm)
	}
	return takes
}

// price of a move in weighted seconds: what it takes from the process, and from who
// runs on both nodes.
func (w *world) price(p *proc, to *node) float64 {
	each := w.rules.PlaceWork.Seconds()
	if !p.Fresh {
		each = w.rules.MoveWork.Seconds() * p.bytes / (1 << 20)
	}
	return w.takes(p, to)*p.weight + w.work(each, p.at, to)
}

// here is what a process costs where it runs.
func (w *world) here(p *proc) float64 {
	return w.prices.less(p.at, p.wants, p.weight, p.bytes) + w.tax(p, p.at)
}

// there is what a process would cost on a node.
func (w *world) there(p *proc, n *node) float64 {
	return w.prices.more(n, p.wants, p.weight, p.bytes) + w.tax(p, n)
}

// choice is the best of the places a process could go to.
type choice struct {
	to      *node
	there   float64
	score   float64
	refused Rule // why one that would have been better could not be taken
}

// considered is how many nodes that could take a process are compared, of those
// that cost least for another thread.
const considered = 32

// choose finds the node with the highest score, or, of those whose score is
// nearly as high, the one that the seed picks.
func (w *world) choose(p *proc, score func(n *node, there float64) float64) choice {
	best := choice{score: math.Inf(-1)}
	near := w.near[:0]
	consider := func(n *node) {
		if n == nil || n == p.at {
			return
		}
		if rule := w.closedTo(p, n); rule != "" {
			if best.refused == "" {
				best.refused = rule
			}
			return
		}
		there := w.there(p, n)
		c := choice{to: n, there: there, score: score(n, there)}
		near = append(near, c)
		if c.score > best.score {
			c.refused = best.refused
			best = c
		}
	}
	consider(p.home)
	for _, n := range w.ranked {
		if len(near) > considered {
			break
		}
		if n != p.home {
			consider(n)
		}
	}
	w.near = near
	if best.to == nil {
		best.refused = w.whyNone(p, best.refused)
		return best
	}
	return w.pick(p, best, near)
}

// nearly is the least score that counts as equal to a score.
func (w *world) nearly(score float64) float64 { return score - w.rules.Near*math.Abs(score) }

// pick takes one of those that are nearly best: that with the highest hash of
// seed, process and node. The order in which they came makes no difference.
func (w *world) pick(p *proc, best choice, near []choice) choice {
	picked, highest := best, uint64(0)
	for _, c := range near {
		if c.score < w.nearly(best.score) {
			continue
		}
		h := mix(mix(mix(w.v.Seed, uint64(p.Home)), uint64(p.PID)), uint64(c.to.Number))
		if h > highest {
			picked, highest = c, h
		}
	}
	picked.refused = best.refused
	return picked
}

// whyNone says why there is no node: what closes those that are closed, if none
// was open.
func (w *world) whyNone(p *proc, refused Rule) Rule {
	if refused != "" {
		return refused
	}
	for _, n := range w.nodes {
		if n != p.at && n.closed != "" {
			return n.closed
		}
	}
	return NoInformation
}

// mix is a step of a hash whose every output bit depends on every input bit.
func mix(h, x uint64) uint64 {
	h = h*0xd1342543de82ef95 + x + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

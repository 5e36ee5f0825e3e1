package balance

import (
	"cmp"
	"slices"
)

// A little local work bothers nobody: a shell, a daemon that wakes up. And
// guests go only for what is worth a move.
const (
	ownerLeast   = 0.2 // threads
	surplusLeast = 0.5
)

// ownerNeeds is how many threads are too many on a node whose local work comes
// first, with so many more guests' ones.
func (n *node) ownerNeeds(more float64) float64 {
	if !n.OwnerFirst || n.Local < ownerLeast {
		return 0
	}
	surplus := n.demand + more - float64(n.CPUs)
	if surplus < surplusLeast {
		return 0
	}
	return surplus
}

// owner sends guests away that take CPUs from this node's own work: the one
// that is moved at the least price first.
func (w *world) owner() {
	if w.self == nil || w.self.ownerNeeds(0) == 0 {
		return
	}
	var guests []*proc
	for _, p := range w.procs {
		if !p.done && p.at == w.self && p.Home != w.v.Self && p.wants > 0 {
			guests = append(guests, p)
		}
	}
	slices.SortStableFunc(guests, func(a, b *proc) int { return cmp.Compare(a.bytes, b.bytes) })
	for _, p := range guests {
		if w.self.ownerNeeds(0) == 0 {
			return
		}
		if !w.sendAway(p, Owner) {
			p.done = true
		}
	}
}

// sendAway moves a process that has to leave, for this reason, to where it costs
// least, or finds that there is no node for it.
func (w *world) sendAway(p *proc, why Rule) bool {
	c := w.cheapest(p)
	e := w.explain(p, w.here(p), c)
	if c.to == nil {
		e.Rule = NoNode
		p.found = e
		return false
	}
	e.Rule = why
	w.move(p, c.to, e)
	return true
}

// cheapest is where a process that has to leave costs least, its move included.
func (w *world) cheapest(p *proc) choice {
	return w.choose(p, func(n *node, there float64) float64 { return -there*p.life - w.price(p, n) })
}

// explain gives the numbers of a choice: costs, gain and price in the unit of a
// thread that weighs what is usual here, life in the process's own time.
func (w *world) explain(p *proc, here float64, c choice) Explanation {
	e := p.found
	e.Here = here / w.typical
	e.Refused = c.refused
	if c.to == nil {
		return e
	}
	e.To, e.There, e.Age = c.to.Number, c.there/w.typical, c.to.Age
	e.Price = seconds(w.price(p, c.to) / w.typical)
	e.Gain = signed(w.gain(p, here, c.to, c.there) / w.typical)
	return e
}

// gain is the time that a process, and those it stands in the way of, save in its
// life by being elsewhere. An advantage seen in old information is not believed
// in full.
func (w *world) gain(p *proc, here float64, n *node, there float64) float64 {
	d := here - there
	if d > 0 {
		d *= n.trust
	}
	return d * p.life
}

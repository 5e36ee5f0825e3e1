package balance

import (
	"cmp"
	"slices"
	"time"
)

// Cost is what a process costs on a node, in the units of Explanation.
type Cost struct {
	Node   int
	Cost   float64       // meaningless where nothing is known of the node
	Closed Rule          // why it would not be taken there; empty: it would, or is there
	Age    time.Duration // of the information about the node
}

// Costs are what the only process of a view costs on each node that is known, the cheapest first,
// whatever would be decided about it.
func Costs(v View) []Cost {
	w := newWorld(v)
	if len(w.procs) != 1 {
		return nil
	}
	p := w.procs[0]
	out := make([]Cost, 0, len(w.nodes)+1)
	for _, n := range w.nodes {
		c := Cost{Node: n.Number, Age: n.Age}
		if n == p.at {
			c.Cost = w.here(p) / w.typical
		} else {
			c.Cost, c.Closed = w.there(p, n)/w.typical, w.closedTo(p, n)
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Cost) int { return cmp.Compare(a.Cost, b.Cost) })
	if p.at == nil {
		out = append(out, Cost{Node: p.Where, Closed: NoInformation})
	}
	return out
}

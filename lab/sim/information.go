package sim

import (
	"math"
)

// entry is what a node tells of itself.
type entry struct {
	node   *node
	at     float64 // when it was measured
	demand float64
	used   float64
	weight float64
	guests int
	owner  float64
	accept bool
}

func (r *run) measure(n *node) entry {
	n.advance(r.now)
	return entry{node: n, weight: n.weight, at: r.now, demand: n.demand + n.owner, used: n.used, guests: n.guests, owner: n.owner,
		accept: !n.quiet && !n.blocks && !n.dead}
}

// information is how nodes know of each other.
type information interface {
	// tell is called by a node on its turn, before it decides.
	tell(n *node)
	// known gives what a node knows of others, itself not among them, to f.
	known(n *node, f func(entry))
	// cost is how many bytes have been sent.
	cost() float64
}

func newInformation(r *run) information {
	switch r.s.Information.Kind {
	case Delay:
		return &delayed{r: r, delay: r.s.Information.Delay.Seconds(), told: make([][]entry, len(r.nodes))}
	case Gossip:
		return newGossiped(r)
	default:
		return &present{r: r}
	}
}

// present: everybody knows everything, as it is.
type present struct{ r *run }

func (*present) tell(*node)    {}
func (*present) cost() float64 { return 0 }
func (p *present) known(n *node, f func(entry)) {
	for _, other := range p.r.nodes {
		if other != n && !other.dead {
			f(p.r.measure(other))
		}
	}
}

// delayed: what a node tells is known to everybody after some time. A node that
// tells nothing for deadAfter seconds is seen to be dead.
type delayed struct {
	r     *run
	delay float64
	told  [][]entry // by node, the oldest first
}

const deadAfter = 5

func (d *delayed) cost() float64 { return 0 }

func (d *delayed) tell(n *node) {
	told := d.told[n.index]
	// What nobody will ask for any more.
	for len(told) > 1 && told[1].at <= d.r.now-d.delay {
		told = told[1:]
	}
	d.told[n.index] = append(told, d.r.measure(n))
}

func (d *delayed) known(n *node, f func(entry)) {
	for i, told := range d.told {
		if i == n.index {
			continue
		}
		for k := len(told) - 1; k >= 0; k-- {
			if age := d.r.now - told[k].at; age >= d.delay {
				if age < math.Max(d.delay, d.r.s.Interval.Seconds())+deadAfter {
					f(told[k])
				}
				break
			}
		}
	}
}

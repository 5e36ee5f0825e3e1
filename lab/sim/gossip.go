package sim

import (
	"time"

	"openmosix/internal/model/gossip"
	"openmosix/internal/model/load"
)

// gossiped: on its turn a node tells a few others, chosen at random, the freshest
// of what it knows, as the daemon does and with its code. What is told arrives
// at once.
type gossiped struct {
	r       *run
	windows []*gossip.Window
	told    []uint32 // reports that each node has made
	sent    float64  // bytes
}

func newGossiped(r *run) *gossiped {
	g := &gossiped{r: r, told: make([]uint32, len(r.nodes))}
	for range r.nodes {
		g.windows = append(g.windows, gossip.New(r.s.Information.Keep))
	}
	return g
}

func (g *gossiped) cost() float64 { return g.sent }

func (g *gossiped) now() time.Duration { return span(g.r.now) }

func (g *gossiped) tell(n *node) {
	e := g.r.measure(n)
	g.told[n.index]++
	own := load.Report{
		Node: n.index + 1, Instance: 1, Sequence: g.told[n.index], CPUs: int(n.cpus), Speed: int(n.speed * load.Standard), Demand: e.demand,
		MemTotal: uint64(n.memory), MemFree: uint64(max(n.memory-e.used, 0)), Guests: e.guests, Accepting: !n.blocks,
		Closed: n.ownerFirst && e.owner > 0, Weight: e.weight, Pressure: load.NoPressure,
	}
	if p := pressure(e); p > 0 {
		own.Pressure.MemorySome = uint16(p * 1000)
	}
	if n.quiet {
		own = own.Hushed()
	}
	w := g.windows[n.index]
	w.Own(own.Bounded(), g.now())
	if len(g.r.nodes) == 1 {
		return
	}
	message := w.Message(gossip.MaxMessage, g.now())
	heard, err := gossip.Decode(message)
	if err != nil {
		return // it is our own
	}
	for range min(gossip.FanOut, len(g.r.nodes)-1) {
		to := g.r.chance.IntN(len(g.r.nodes) - 1)
		if to >= n.index {
			to++
		}
		g.sent += float64(len(message))
		if !g.r.nodes[to].dead {
			g.windows[to].Hear(heard, g.now())
		}
	}
}

func (g *gossiped) known(n *node, f func(entry)) {
	silence := gossip.Silence(len(g.r.nodes))
	for _, k := range g.windows[n.index].Others(g.now()) {
		r, other := k.Report, g.r.nodes[k.Report.Node-1]
		if k.Age > silence {
			continue
		}
		used := other.memory - float64(r.MemFree)
		if r.Pressure.MemorySome != load.Untold && r.Pressure.MemorySome > 0 {
			used = other.memory * overdrawn
		}
		f(entry{node: other, at: g.r.now - k.Age.Seconds(), demand: r.Demand, used: used, guests: r.Guests, weight: r.Weight,
			accept: r.Accepting && !r.Quiet && !r.Closed})
	}
}

// overdrawn stands for a use of memory that is more than there is; by how much is
// not told.
const overdrawn = 1.01

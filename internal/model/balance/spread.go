package balance

import (
	"cmp"
	"slices"
)

// A process that wants less of a CPU, and has less of a node's memory, is not
// worth moving for either.
const (
	idle         = 0.05
	littleMemory = 1.0 / 64
)

// data takes this node's own processes home whose calls come home anyway. Where
// they run, their load is known better; here, their calls are.
func (w *world) data() {
	for _, p := range w.procs {
		if p.done || p.at == w.self || p.Home != w.v.Self || w.rules.Onward {
			continue
		}
		p.done = true
		p.found.Rule = ElseWhere
		if w.self == nil || w.closedTo(p, w.self) != "" {
			continue
		}
		c := choice{to: w.self, there: w.there(p, w.self)}
		here := w.here(p)
		if w.cooling(p, here, c.there) {
			continue
		}
		e := w.explain(p, here, c)
		e.Rule = ElseWhere
		if p.Kind == IOJob || w.tax(p, p.at) > w.rules.Margin*p.weight && w.worth(p, here, c) == "" {
			e.Rule = Data
			w.move(p, w.self, e)
			continue
		}
		p.found = e
	}
}

// worth tells why a move for a process's own good is not made.
func (w *world) worth(p *proc, here float64, c choice) Rule {
	switch {
	case here <= c.there*(1+w.rules.Margin):
		return NoGain
	case w.gain(p, here, c.to, c.there) <= w.price(p, c.to):
		return NotWorth
	}
	return ""
}

// spread moves processes to where they cost less, those first that gain most.
func (w *world) spread() {
	var all []*proc
	moves := false
	for _, p := range w.procs {
		if p.done || (p.at != w.self && !w.rules.Onward) {
			continue
		}
		w.try(p, false)
		all = append(all, p)
		moves = moves || p.found.Rule.moves()
	}
	if !moves {
		return
	}
	// All of them have to be looked at again: each that goes makes it better
	// for those who stay. Only those can go that could before.
	slices.SortStableFunc(all, func(a, b *proc) int { return cmp.Compare(b.net, a.net) })
	for _, p := range all {
		w.try(p, true)
	}
}

// moves tells whether a process goes, of its own good.
func (r Rule) moves() bool { return r == Balance || r == Data }

// try decides about a process; really: and moves it.
func (w *world) try(p *proc, really bool) {
	if p.full || p.found.Rule == NoNode && really {
		return
	}
	here := w.here(p)
	c := w.betterPlace(p, here)
	e := w.explain(p, here, c)
	e.Rule = w.judge(p, here, c)
	p.found = e
	p.net = 0
	if c.to != nil {
		p.net = w.gain(p, here, c.to, c.there) - w.price(p, c.to)
	}
	if really && e.Rule.moves() {
		w.move(p, c.to, e)
	}
}

func (w *world) betterPlace(p *proc, here float64) choice {
	if p.Kind == IOJob {
		if p.home == nil || p.home == p.at || w.closedTo(p, p.home) != "" {
			return choice{}
		}
		return choice{to: p.home, there: w.there(p, p.home)}
	}
	return w.choose(p, func(n *node, there float64) float64 { return w.gain(p, here, n, there) - w.price(p, n) })
}

// judge says what is to be done with a process for which the best place was found.
func (w *world) judge(p *proc, here float64, c choice) Rule {
	switch {
	case p.Kind == IOJob && (c.to == nil || c.to == p.at):
		return IOBound
	case c.to == nil:
		return NoNode
	case p.wants < idle && p.bytes < p.at.memory*littleMemory && c.to != p.home:
		return Idle
	case w.cooling(p, here, c.there):
		return Cooling
	case p.Kind == IOJob:
		return Data
	case w.nobodyWaits(p, c.to):
		return NobodyWait
	}
	if no := w.worth(p, here, c); no != "" {
		return no
	}
	if c.to == p.home && w.tax(p, p.at) > (here-c.there)/2 {
		return Data
	}
	return Balance
}

// nobodyWaits tells whether there are CPUs and memory for all where a process
// runs, and none that are faster where it could go: then nobody would gain.
func (w *world) nobodyWaits(p *proc, to *node) bool {
	at := p.at
	return at.demand <= float64(at.CPUs) && to.slow*(1+w.rules.Margin) >= at.slow &&
		w.prices.thrash*w.prices.danger(at, at.used) < w.rules.Margin && w.tax(p, at) <= w.tax(p, to)
}

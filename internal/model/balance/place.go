package balance

// place finds the node for a program that has just been started on this one.
func (w *world) place(started Proc) (int, Explanation) {
	started.Where, started.Fresh, started.Moves = w.v.Self, true, 0
	if started.Wants <= 0 {
		started.Wants = 1
	}
	d := w.derive(started)
	p := &d
	if len(w.procs) == 0 {
		w.weigh(p.weight)
	}
	if !w.rules.Weights {
		p.weight = w.typical
	}
	stays := func(rule Rule) (int, Explanation) {
		p.found.Rule = rule
		return w.v.Self, p.found
	}
	if rule := w.kept(p); rule != "" {
		return stays(rule)
	}
	if p.Kind == IOJob {
		return stays(IOBound)
	}
	here := w.there(p, w.self)
	c := w.choose(p, func(n *node, there float64) float64 { return w.gain(p, here, n, there) - w.price(p, n) })
	crowded := w.closedTo(p, w.self) == NoMemory
	p.found = w.explain(p, here, c)
	switch {
	case c.to == nil:
		return stays(NoNode)
	case crowded:
	case w.self.demand+p.wants <= float64(w.self.CPUs) && c.to.slow*(1+w.rules.Margin) >= w.self.slow:
		return stays(NobodyWait)
	case w.worth(p, here, c) != "":
		return stays(Best)
	}
	p.found.Rule = Placed
	return c.to.Number, p.found
}

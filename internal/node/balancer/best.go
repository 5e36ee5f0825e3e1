package balancer

import (
	"time"

	"openmosix/internal/model/balance"
)

// asksFor is how many CPUs a process is thought to want that is to be moved to where
// it runs best, if it does not use any just now: it is going to, or nobody would ask.
const asksFor = 1

// leastUse of a CPU is what the policy takes for none.
const leastUse = 0.05

// strictly is as near as a node must come to the best one to be taken instead: many
// that choose at once should not all choose the same, and here only one does.
const strictly = 1e-9

// Best asks the policy where a process of this node that is on the node where
// would best be now, whether or not it is one that is balanced by itself, and
// however lately it has moved; of the nodes in not it goes to none. where: nowhere
// is better. The reason is in the explanation.
func (b *Balancer) Best(pid, where int, not map[int]bool) (int, balance.Explanation, error) {
	v, err := b.question(pid, where, not)
	if err != nil {
		return 0, balance.Explanation{}, err
	}
	d := balance.Decide(v)
	if len(d.Moves) > 0 {
		return d.Moves[0].To, d.Moves[0].Why, nil
	}
	return where, d.Explanations[0], nil
}

// Costs are what a process of this node that is on the node where costs there and on the others, as
// far as is known here.
func (b *Balancer) Costs(pid, where int) ([]balance.Cost, error) {
	v, err := b.question(pid, where, nil)
	if err != nil {
		return nil, err
	}
	return balance.Costs(v), nil
}

// question is the view in which only this process could be moved.
func (b *Balancer) question(pid, where int, not map[int]bool) (balance.View, error) {
	p, err := b.inQuestion(pid)
	if err != nil {
		return balance.View{}, err
	}
	said, err := b.o.Policy(pid)
	if err != nil {
		return balance.View{}, err
	}
	p.Where, p.Kind, p.Moves, p.Locked, p.Cannot = where, balance.Kind(said.Kind), 0, false, ""
	p.Allowed = func(node int) bool { return !not[node] && said.MayGo(node) }
	idle := max(p.Wants, p.CPU) < leastUse
	if idle {
		p.Wants = asksFor
	}
	// Who asks may have changed something just before, here or elsewhere.
	b.fetch()
	b.knowSelf()
	own := b.o.Own()
	b.mu.Lock()
	b.self.report = own
	v := b.view(b.now(), []balance.Proc{p})
	b.mu.Unlock()
	for i := range v.Nodes {
		if idle && v.Nodes[i].Number == where { // it is not in the node's figures
			v.Nodes[i].Demand += asksFor
		}
	}
	v.Rules.Onward = true // it is asked for here, wherever it is
	v.Rules.Near = strictly
	return v, nil
}

// inQuestion is a process as it was last seen when it was decided about, or what
// can be seen of it at one moment.
func (b *Balancer) inQuestion(pid int) (balance.Proc, error) {
	stat, err := b.o.Proc.Stat(pid)
	if err != nil {
		return balance.Proc{}, err
	}
	b.mu.Lock()
	v, known := b.verdicts[who{pid, stat.StartTime}]
	b.mu.Unlock()
	if known {
		v.proc.Age += time.Since(v.at)
		return v.proc, nil
	}
	ticks, err := b.o.Proc.Now()
	if err != nil {
		return balance.Proc{}, err
	}
	return balance.Proc{
		PID: pid, Home: b.o.Self, Command: stat.Comm, Age: time.Duration(ticks-min(ticks, stat.StartTime)) * tick,
		CPUTime: time.Duration(stat.UTime+stat.STime) * tick, Resident: stat.RSS * b.page,
	}, nil
}

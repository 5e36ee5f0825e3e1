package sim

import (
	"time"

	"openmosix/internal/model/balance"
)

// ours is the daemon's policy: a node sees what it knows, and model/balance
// decides.
type ours struct {
	r      *run
	placed bool // jobs are placed when they start
	view   balance.View
	jobs   map[int]*job
	// thorough: also nodes with which all is well look at the others.
	thorough bool
}

func newOurs(r *run, placed bool) *ours {
	return &ours{r: r, placed: placed, jobs: map[int]*job{}, view: balance.View{Rules: balance.Rules{Weights: true}}}
}

func (o *ours) anywhere() bool { return false }
func (o *ours) careful() bool  { return true }

func (o *ours) place(j *job) *node {
	home := o.r.nodes[j.home]
	if !o.placed {
		return home
	}
	o.look(home)
	p := o.proc(j, home)
	p.Wants, p.Resident, p.Growth = j.wants, uint64(j.memory), j.growth
	if o.r.s.Blind {
		p.Wants, p.Resident, p.Growth, p.Calls, p.CallBytes = 1, 1<<20, 0, 0, 0
	}
	o.view.Procs = nil
	to, _ := balance.Place(o.view, p)
	at := o.r.nodes[to-1]
	if at.dead || at.blocks && at != home {
		o.r.tally.refused++
		return home
	}
	if at != home {
		home.sent = append(home.sent, sending{to: at.index, at: o.r.now, wants: j.wants, memory: j.memory})
	}
	return at
}

func (o *ours) decide(n *node) []move {
	n.weight = 0
	if len(n.jobs) == 0 {
		return nil
	}
	o.look(n)
	if o.content(n) && !o.thorough {
		o.view.Nodes = o.view.Nodes[:1]
	}
	o.view.Procs = o.view.Procs[:0]
	clear(o.jobs)
	for _, j := range n.jobs {
		if !j.moving {
			o.view.Procs = append(o.view.Procs, o.proc(j, n))
			o.jobs[j.id] = j
		}
	}
	var moves []move
	d := balance.Decide(o.view)
	n.weight = d.Weight
	for _, m := range d.Moves {
		moves = append(moves, move{o.jobs[m.PID], o.r.nodes[m.To-1]})
	}
	return moves
}

// content tells whether nothing would be moved from a node whatever it knows of
// others: nobody waits there, nothing calls home or grows, and there is nothing
// faster. Of thousands of nodes that is nearly all, nearly always, and
// they need not compare what they know.
func (o *ours) content(n *node) bool {
	if !o.r.uniform || n.owner > 0 || n.demand > n.cpus || n.used > n.memory/2 {
		return false
	}
	for _, j := range n.jobs {
		if j.calls > 0 || j.bytes > 0 || j.growth > 0 || j.kind != balance.AnyKind {
			return false
		}
	}
	return true
}

// look fills in the view with what a node knows.
func (o *ours) look(n *node) {
	v := &o.view
	v.Self, v.Now, v.Seed = n.index+1, span(o.r.now), o.r.chance.Uint64()
	v.Nodes = append(v.Nodes[:0], o.seen(n, o.r.measure(n)))
	o.r.info.known(n, func(e entry) { v.Nodes = append(v.Nodes, o.seen(n, e)) })
	// What is on its way from here is not here any more.
	self := &v.Nodes[0]
	for _, j := range n.jobs {
		if j.moving {
			self.Demand = max(self.Demand-j.demand, 0)
			self.MemFree = min(self.MemFree+uint64(j.memory), self.MemTotal)
		}
	}
	n.forget(o.r.now)
	v.Sent = v.Sent[:0]
	for _, s := range n.sent {
		v.Sent = append(v.Sent, balance.Sent{To: s.to + 1, At: span(s.at), Wants: s.wants, Resident: uint64(s.memory)})
	}
}

func (o *ours) seen(by *node, e entry) balance.Node {
	n := e.node
	return balance.Node{
		Number: n.index + 1, CPUs: int(n.cpus), Speed: int(n.speed * 10000), Demand: e.demand, Local: e.owner,
		MemTotal: uint64(n.memory), MemFree: uint64(max(n.memory-e.used, 0)), Guests: e.guests, Accepting: e.accept,
		OwnerFirst: n.ownerFirst, Weight: e.weight, Age: span(o.r.now - e.at), Features: balance.Compatible,
		MemPressure: pressure(e),
		Link:        balance.Link{Bandwidth: o.r.s.Link.Bandwidth, Latency: o.r.s.Link.Latency},
	}
}

func (o *ours) proc(j *job, at *node) balance.Proc {
	growth := j.growth
	if j.memory >= j.grownTo {
		growth = 0
	}
	return balance.Proc{
		PID: j.id, Home: j.home + 1, Where: at.index + 1, Age: span(o.r.now - j.arrived), CPUTime: span(j.worked()),
		Wants: j.wants, Resident: uint64(j.memory), Growth: growth, Calls: j.calls * j.wants, CallBytes: j.bytes * j.wants,
		Kind: j.kind, Moves: j.moves, LastMove: span(o.r.now - j.lastMove),
	}
}

func span(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// pressure is the share of time in which work waits for memory.
func pressure(e entry) float64 {
	if e.used > e.node.memory*(1+1e-9) {
		return 1 - 1/e.node.thrash
	}
	return 0
}

package balancer

import (
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"openmosix/internal/model/balance"
	"openmosix/internal/model/gossip"
	"openmosix/internal/model/load"
)

const (
	// reportsFor is how long reports are used before they are fetched again.
	reportsFor = 50 * time.Millisecond
	// mostNodes bounds how many of the freshest are considered at once.
	mostNodes = 512
	// sentFor is how long it may take until a node has told of what it was sent.
	sentFor = 30 * time.Second
	// selfFor is how old a look at this node may be: some intervals of one that
	// rests. Where balancing is switched off nobody looks.
	selfFor = 15 * time.Second
	// lackFor is how long it is believed that processors lack something.
	lackFor = time.Hour
)

// selfFigures are this node's own, of the last look. The demand is the sum of
// what each process that was here then wants by its own history: so what is
// decided about processes and about the node cannot contradict each other, as
// it could with the report's, which is smoothed in another way.
type selfFigures struct {
	report load.Report
	demand float64
	at     time.Duration
}

// knowSelf has figures of this node where nobody has looked at it for long, or
// ever.
func (b *Balancer) knowSelf() {
	old := b.now() - selfFor
	b.mu.Lock()
	known := b.selfSince(old)
	b.mu.Unlock()
	if known {
		return
	}
	own := b.o.Own()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.selfSince(old) {
		b.self = selfFigures{own, own.Demand, b.now()}
	}
}

// selfSince tells whether there are figures of this node that are not older.
// Precondition: b.mu is held.
func (b *Balancer) selfSince(moment time.Duration) bool {
	return b.self.report.CPUs > 0 && b.self.at >= moment
}

// reports are those of the other nodes, and when they were fetched, with the
// ways there.
type reports struct {
	at    time.Duration
	known []gossip.Known
	links []balance.Link
}

// report is what a node, this one or another, said last; false: nothing is known of
// it. Precondition: b.mu is held.
func (b *Balancer) report(node int) (load.Report, bool) {
	if node == b.o.Self {
		return b.self.report, b.self.report.CPUs > 0
	}
	for _, k := range b.known.known {
		if k.Report.Node == node {
			return k.Report, true
		}
	}
	return load.Report{}, false
}

// nodes is what is known of all nodes now, with what was sent to them and what
// they have not told of yet. Precondition: b.mu is held, and reports are fresh.
func (b *Balancer) nodes(now time.Duration) []balance.Node {
	placed := b.placedWants()
	out := append(make([]balance.Node, 0, len(b.known.known)+1), b.selfNode(placed))
	for i, k := range b.known.known {
		r := k.Report
		if r.Node == b.o.Self || len(out) >= mostNodes {
			continue
		}
		age := k.Age + now - b.known.at
		n := nodeOf(r, age)
		// Of programs that come and go the smoothed figure may tell less than what runs there.
		n.Demand = max(placed[r.Node], r.Demand+b.ledger.missing(r.Node, now-age))
		n.Features, n.Link = balance.Compatible, b.known.links[i]
		if since, lacks := b.lacking[r.CPU]; lacks && time.Since(since) < lackFor {
			n.Features = balance.Incompatible
		}
		out = append(out, n)
	}
	return out
}

// selfNode is what is known of this node, with what was placed here. Precondition: b.mu is held.
func (b *Balancer) selfNode(placed map[int]float64) balance.Node {
	self := nodeOf(b.self.report, 0)
	self.Number, self.Features = b.o.Self, balance.Compatible
	self.Demand = max(0, b.self.demand+b.ledger.since(b.o.Self, b.self.at)) + placed[b.o.Self]
	return self
}

func nodeOf(r load.Report, age time.Duration) balance.Node {
	n := balance.Node{
		Number: r.Node, CPUs: r.CPUs, Speed: r.Speed, Demand: r.Demand, Local: r.Demand, Utilisation: r.Utilisation,
		MemTotal: r.MemTotal, MemFree: r.MemFree, Guests: r.Guests, MaxGuests: r.MaxGuests,
		Accepting: r.Accepting && !r.Quiet && !r.Closed, Age: age, Weight: r.Weight,
	}
	if r.Pressure.MemorySome != load.Untold {
		n.MemPressure = float64(r.Pressure.MemorySome) / 1000
	}
	return n
}

// refresh fetches the reports if those at hand are too old.
func (b *Balancer) refresh() {
	b.mu.Lock()
	fresh := b.known.known != nil && b.now()-b.known.at < reportsFor
	b.mu.Unlock()
	if !fresh {
		b.fetch()
	}
}

// fetch has the reports of now.
func (b *Balancer) fetch() {
	known := b.o.Reports()
	if known == nil {
		known = []gossip.Known{}
	}
	links := make([]balance.Link, len(known))
	for i, k := range known {
		links[i] = b.o.Link(k.Report.Node)
	}
	at := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = reports{at, known, links}
}

// view for a decision about these processes. Precondition: b.mu is held.
func (b *Balancer) view(now time.Duration, procs []balance.Proc) balance.View {
	set := b.o.Settings()
	kept := b.sent[:0]
	for _, s := range b.sent {
		if now-s.At < sentFor {
			kept = append(kept, s)
		}
	}
	b.sent = kept
	sent := slices.Clone(kept) // which may change while the policy looks
	return balance.View{
		Self: b.o.Self, Now: now, Seed: rand.Uint64(), Nodes: b.nodes(now), Procs: procs, Sent: sent,
		Settings: balance.Settings{Stay: set.Stay, LStay: set.LStay}, Rules: balance.Rules{Weights: true},
	}
}

// ownPID is of the daemon, which runs because it counts.
func (b *Balancer) ownPID() int { return os.Getpid() }

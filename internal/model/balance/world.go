package balance

import (
	"cmp"
	"math"
	"slices"
	"time"

	"openmosix/internal/model/load"
)

// world is a view in the making of a decision: every move decided is applied to
// it, so that the next one counts with it.
type world struct {
	v       View
	rules   Rules
	prices  prices
	fastest float64 // speed of the fastest node
	nodes   []*node // ordered by number
	self    *node
	procs   []*proc  // ordered by home and PID
	ranked  []*node  // open nodes, cheapest for one more thread first
	near    []choice // of the choice being made
	typical float64  // weight of a thread on this node
	moves   []Move
}

// node is a node with what is derived of it.
type node struct {
	Node
	capacity float64 // CPUs in units of the fastest known
	slow     float64 // how many times slower than the fastest one is
	flat     float64 // utilisation up to which its price is that of an idle node
	demand   float64
	weight   float64 // of all threads
	used     float64 // bytes
	memory   float64
	reserve  float64
	closed   Rule    // why it takes nobody; empty: it does
	trust    float64 // share of an advantage seen in its information that is believed
	known    bool    // costs is up to date
	costs    float64
	price    float64 // of one more typical thread
	tie      uint64  // orders nodes of one price, differently at each node and time
	rank     int
}

func (n *node) cost(p prices) float64 {
	if !n.known {
		n.costs = p.cost(n, n.demand, n.weight, n.used)
		n.known = true
	}
	return n.costs
}

// put adds to a node, or takes away from it.
func (n *node) put(demand, weight, bytes float64) {
	n.demand = max(n.demand+demand, 0)
	n.weight = max(n.weight+demand*weight, 0)
	n.used = max(n.used+bytes, 0)
	n.known = false
}

// room is how much a node could take and keep its reserve.
func (n *node) room() float64 { return n.memory - n.used - n.reserve }

// proc is a process with what is derived of it.
type proc struct {
	Proc
	wants  float64
	life   float64 // seconds on the fastest processor
	weight float64 // how much a second that is lost counts
	bytes  float64
	at     *node // where it runs; nil: nothing is known of that node
	home   *node
	found  Explanation
	done   bool    // decided
	net    float64 // what a move would gain, without its price
	full   bool    // no node has room for it
	gone   bool    // by a move
}

func newWorld(v View) *world {
	w := &world{v: v, rules: v.Rules.withDefaults()}
	w.nodes = make([]*node, 0, len(v.Nodes))
	w.fastest = 1.0
	storage := make([]node, len(v.Nodes))
	for i, n := range v.Nodes {
		if !sensible(n) {
			continue
		}
		s := &storage[i]
		s.Node = n
		w.fastest = max(w.fastest, float64(n.Speed))
		w.nodes = append(w.nodes, s)
	}
	// Of two entries of one node the fresher one counts.
	slices.SortStableFunc(w.nodes, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Age, b.Age), cmp.Compare(a.Demand, b.Demand))
	})
	w.nodes = slices.CompactFunc(w.nodes, func(a, b *node) bool { return a.Number == b.Number })
	for _, n := range w.nodes {
		n.slow = w.fastest / float64(n.Speed)
		n.flat = flatUntil(n.slow)
		n.capacity = float64(n.CPUs) / n.slow
		n.demand = n.Demand
		n.memory = float64(n.MemTotal)
		n.used = n.memory - float64(min(n.MemFree, n.MemTotal))
		n.reserve = n.memory * w.rules.Reserve
		n.trust = math.Exp(-float64(n.Age) / float64(w.rules.Doubt))
		n.tie = mix(v.Seed, uint64(n.Number))
		if n.Number == v.Self {
			w.self, n.trust = n, 1
		}
	}
	w.addSent()
	w.prices = newPrices(w.rules)
	w.addProcs()
	w.weigh(1)
	for _, n := range w.nodes {
		n.closed = w.closing(n)
	}
	w.rank()
	return w
}

// most is more than any count, rate or number of threads can be. What other
// nodes say may be anything.
const most = 1e9

// sensible tells whether there can be such a node.
func sensible(n Node) bool {
	return n.CPUs > 0 && n.CPUs <= most && n.Speed > 0 && n.Speed <= load.MaxSpeed && n.MemTotal > 0 && n.Age >= 0 &&
		n.Demand >= 0 && n.Demand <= most && n.Local >= 0 && n.Link.Bandwidth >= 0 && n.Link.Latency >= 0 && n.Link.Freeze >= 0
}

// count is a number as it can be.
func count(f float64) float64 {
	if !(f > 0) {
		return 0
	}
	return min(f, most)
}

// node of a number; nil: nothing is known of it.
func (w *world) node(number int) *node {
	i, found := slices.BinarySearchFunc(w.nodes, number, func(n *node, number int) int { return cmp.Compare(n.Number, number) })
	if !found {
		return nil
	}
	return w.nodes[i]
}

// addSent counts what is on its way to a node, or arrived there after the
// information about it was made.
func (w *world) addSent() {
	for _, s := range w.v.Sent {
		n := w.node(s.To)
		if n == nil || n == w.self || s.At < w.v.Now-n.Age {
			continue
		}
		n.put(count(s.Wants), 0, float64(s.Resident)) // weigh comes later
		n.Guests++
	}
}

func (w *world) addProcs() {
	w.procs = make([]*proc, len(w.v.Procs))
	storage := make([]proc, len(w.v.Procs))
	for i, p := range w.v.Procs {
		storage[i] = w.derive(p)
		w.procs[i] = &storage[i]
	}
	slices.SortFunc(w.procs, func(a, b *proc) int {
		return cmp.Or(cmp.Compare(a.Home, b.Home), cmp.Compare(a.PID, b.PID))
	})
}

func (w *world) derive(p Proc) proc {
	p.Calls, p.CallBytes, p.CPU = count(p.Calls), count(p.CallBytes), count(p.CPU)
	if math.IsNaN(p.Growth) || math.Abs(p.Growth) > 1000*most {
		p.Growth = 0
	}
	d := proc{Proc: p, bytes: float64(p.Resident), at: w.node(p.Where), home: w.node(p.Home)}
	crowd := 1.0
	if d.at != nil {
		crowd = max(1, d.at.demand/float64(d.at.CPUs))
	}
	d.wants = count(p.Wants)
	if d.wants == 0 {
		d.wants = p.CPU * crowd
	}
	d.life = w.life(&d, crowd)
	d.weight = 1 / max(d.life, least)
	d.found = Explanation{PID: p.PID, Home: p.Home, Where: p.Where, Bytes: p.Resident, Life: seconds(d.life)}
	return d
}

// least is the life, in seconds, below which a process weighs no more.
const least = 1

// weigh gives nodes the weight of their threads. Of this node it is known from
// its processes; of the others if they tell it. Where they do not, all threads of
// all nodes are taken to weigh the same: who compares what he knows of his own
// with what he guesses of others', moves it in circles.
func (w *world) weigh(otherwise float64) {
	w.typical = otherwise
	if wants, weight := w.ownWeight(); wants > 0 {
		w.typical = weight / wants
	} else if len(w.procs) > 0 {
		w.typical = 0
		for _, p := range w.procs {
			w.typical += p.weight / float64(len(w.procs))
		}
	}
	if !w.rules.Weights {
		w.equal()
		return
	}
	wants, weight := w.ownWeight()
	for _, n := range w.nodes {
		mean := w.typical
		if n.Weight > 0 {
			mean = min(max(n.Weight, 1/w.rules.MaxLife.Seconds()), 1)
		}
		if n == w.self && wants > 0 {
			n.weight = weight + max(n.demand-wants, 0)*w.typical
		} else {
			n.weight = n.demand * mean
		}
		n.known = false
	}
}

// ownWeight sums up the processes that run here.
func (w *world) ownWeight() (wants, weight float64) {
	for _, p := range w.procs {
		if p.at != nil && p.at == w.self {
			wants += p.wants
			weight += p.wants * p.weight
		}
	}
	return wants, weight
}

// equal makes everything weigh the same.
func (w *world) equal() {
	for _, p := range w.procs {
		p.weight = w.typical
	}
	for _, n := range w.nodes {
		n.weight, n.known = n.demand*w.typical, false
	}
}

// life is for how much work, in seconds on the fastest processor, a process is
// expected to go on. Old processes live on: the chance that one that has run for a
// runs for another t is a/(a+t), of which the median is a.
func (w *world) life(p *proc, crowd float64) float64 {
	if p.Expected > 0 {
		return min(p.Expected.Seconds(), w.rules.MaxLife.Seconds())
	}
	life := p.Age.Seconds() / crowd
	if p.CPUTime > 0 && p.wants > 0 {
		life = p.CPUTime.Seconds() / p.wants * load.Standard / w.fastest
	}
	return min(max(life, w.rules.MinLife.Seconds()), w.rules.MaxLife.Seconds())
}

// rank orders the nodes that are open.
func (w *world) rank() {
	w.ranked = w.ranked[:0]
	for _, n := range w.nodes {
		if n.closed == "" && n != w.self {
			n.price = w.prices.more(n, 1, w.typical, 0)
			w.ranked = append(w.ranked, n)
		}
	}
	slices.SortFunc(w.ranked, byPrice)
	for i, n := range w.ranked {
		n.rank = i
	}
}

func byPrice(a, b *node) int {
	return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.tie, b.tie), cmp.Compare(a.Number, b.Number))
}

// rerank puts a node in its place after it has changed.
func (w *world) rerank(n *node) {
	if n.rank >= len(w.ranked) || w.ranked[n.rank] != n {
		return
	}
	n.price = w.prices.more(n, 1, w.typical, 0)
	i := n.rank
	for ; i+1 < len(w.ranked) && byPrice(n, w.ranked[i+1]) > 0; i++ {
		w.ranked[i], w.ranked[i].rank = w.ranked[i+1], i
	}
	for ; i > 0 && byPrice(n, w.ranked[i-1]) < 0; i-- {
		w.ranked[i], w.ranked[i].rank = w.ranked[i-1], i
	}
	w.ranked[i], n.rank = n, i
}

// move decides a move and applies it.
func (w *world) move(p *proc, to *node, found Explanation) {
	p.found, p.done, p.gone = found, true, true
	w.moves = append(w.moves, Move{PID: p.PID, Home: p.Home, From: p.Where, To: to.Number, Wants: p.wants, Why: found})
	if p.at != nil {
		p.at.put(-p.wants, p.weight, -p.bytes)
		if p.at.Number != p.Home {
			p.at.Guests--
		}
		w.rerank(p.at)
	}
	to.put(p.wants, p.weight, p.bytes)
	if to.Number != p.Home {
		to.Guests++
	}
	to.closed = w.closing(to)
	w.rerank(to)
}

func (w *world) decision() Decision {
	d := Decision{Moves: w.moves, Explanations: make([]Explanation, len(w.procs))}
	for i, p := range w.procs {
		d.Explanations[i] = p.found
	}
	wants, weight := 0.0, 0.0
	for _, p := range w.procs {
		if p.at != nil && p.at == w.self && !p.gone {
			wants += p.wants
			weight += p.wants / max(p.life, least)
		}
	}
	if wants > 0 {
		d.Weight = weight / wants
	}
	return d
}

// seconds of what cannot be less than nothing, signed of what can.
func seconds(s float64) time.Duration { return signed(max(s, 0)) }

func signed(s float64) time.Duration {
	return time.Duration(min(max(s, -1e9), 1e9) * float64(time.Second))
}

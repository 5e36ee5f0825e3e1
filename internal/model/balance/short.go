package balance

import (
	"math"
	"time"
)

// Range is a range of states of a cluster, around one that was seen, as far as they matter to
// whether a short program begins on this node: of others it leaves open all but how fast
// they are. Its zero value holds nothing.
//
// Wherever a program is placed, it begins as much later as a placement takes, and that
// work is taken from who waits for a CPU here. What it gains by it is no more than what it costs
// here, less what a thread costs on an idle node of the fastest kind, for as long as it
// runs. So there is a CPU time below which it begins here whatever others look like.
type Range struct {
	self    Node  // with the most threads, and the least free memory and weight
	fastest int   // no node is faster
	rules   Rules // with the least Freeze
}

const (
	// leastCrowd is how many threads for each CPU of this node are in a range at least, and roomier by
	// what factor there are more in it than were seen.
	leastCrowd = 4
	roomier    = 1.25
	// memoryLess is the share of this node's memory that may be used beyond what is, weightLess
	// what may be left of the mean weight of its threads, and freezeLess of Freeze.
	memoryLess = 1.0 / 16
	weightLess = 0.5
	freezeLess = 0.75
	// steps in which the number of threads is tried, and surely what is taken of the result
	// because it is not tried in between.
	steps  = 64
	surely = 0.9
)

// Around is the range around what is known now. It is only wide enough not to be left at each
// turn: the wider, the less is certain in it.
func Around(v View) Range {
	self, fastest := v.self()
	if self == nil {
		return Range{}
	}
	r := Range{self: *self, fastest: fastest, rules: v.Rules.withDefaults()}
	n := &r.self
	n.Weight = r.rules.mean(*self) * weightLess
	n.MemFree -= min(n.MemFree, uint64(float64(n.MemTotal)*memoryLess))
	for n.Demand = leastCrowd * float64(n.CPUs); n.Demand < roomier*self.Demand; n.Demand *= 2 {
	}
	r.rules.Freeze = time.Duration(float64(r.rules.Freeze) * freezeLess)
	return r
}

// Holds tells whether what is known now is in the range.
func (r Range) Holds(v View) bool {
	self, fastest := v.self()
	if self == nil || r.self.Number != self.Number {
		return false
	}
	rules, n := v.Rules.withDefaults(), &r.self
	mean, freeze := rules.mean(*self), rules.Freeze
	rules.Freeze = r.rules.Freeze
	return rules == r.rules && freeze >= r.rules.Freeze && fastest <= r.fastest && mean >= n.Weight &&
		self.CPUs == n.CPUs && self.Speed == n.Speed && self.MemTotal == n.MemTotal && self.MemFree >= n.MemFree && self.Demand <= n.Demand
}

// Least is the CPU time below which a program that wants so many CPUs, and has just been
// started on this node, begins here in all of the range; 0: there is none.
func (r Range) Least(wants float64) time.Duration {
	if wants = count(wants); r.self.Number == 0 || wants == 0 {
		return 0
	}
	w := newWorld(View{Self: r.self.Number, Nodes: []Node{r.self, {Number: r.self.Number + 1, CPUs: 1, Speed: r.fastest, MemTotal: 1}}, Rules: r.rules})
	n := w.self
	if n == nil || n.room() < 0 { // any place is better then
		return 0
	}
	shortest := float64(least) // a longer one has less weight
	for _, mean := range [...]float64{r.self.Weight, 1} {
		for i := range steps + 1 {
			n.demand = r.self.Demand * float64(i) / steps
			n.weight, n.known = n.demand*mean, false
			if gain := w.prices.more(n, wants, 1, 0) - wants; gain > 0 {
				price := w.rules.Freeze.Seconds() + w.work(w.rules.PlaceWork.Seconds(), n, nil)
				shortest = min(shortest, price/gain)
			}
		}
	}
	return seconds(math.Max(shortest*surely, 0))
}

// self is this node, nil if there is no sensible figure of it, and the highest speed known.
func (v View) self() (self *Node, fastest int) {
	for i := range v.Nodes {
		n := &v.Nodes[i]
		if !sensible(*n) {
			continue
		}
		fastest = max(fastest, n.Speed)
		if n.Number == v.Self && (self == nil || n.Age < self.Age) {
			self = n
		}
	}
	return self, fastest
}

// mean is the mean weight of the threads of this node, one of which nothing is known being as short
// as the program that begins.
func (r Rules) mean(n Node) float64 {
	if !r.Weights || !(n.Weight > 0) {
		return 1
	}
	return min(max(n.Weight, 1/r.MaxLife.Seconds()), 1)
}

package balance

import "math"

// prices turns the use of a node's CPUs and memory into one cost.
//
// The unit of speed is here the fastest processor known. One more thread on a
// node with utilisation u (threads that want a CPU, over the CPUs in that unit)
// costs B^u: exponential, so that what is scarce becomes dear before it is gone.
// B is such that the price on the most loaded node known is what the thread
// really costs there, itself and others: 2u. It is never less than what the
// thread costs on the node when it is idle, 1/speed.
//
// Memory that is overdrawn makes all threads of a node slower by the factor
// Thrash. How much of that is to be feared is exponential in the share of the
// memory that is in use, and 1 when it is full.
//
// What a thread loses counts by its weight, one over the time it is expected to
// live on: what is made small is the slowdown, the time lost over the time
// needed. So the short do not have to wait behind the long, and long ones come
// to share nodes when there are not enough for all.
type prices struct {
	logB   float64
	idlers float64 // weight of a node's memory, for each CPU
	thrash float64 // seconds lost per second of each thread on a thrashing node
	steep  float64
}

// exponentMax keeps exponentials finite, whatever is in a view.
const exponentMax = 300

// newPrices for a cluster whose most loaded node has this utilisation.
func newPrices(most float64, r Rules) prices {
	most = max(most, 2)
	return prices{idlers: 1 / r.MaxLife.Seconds(), logB: math.Log(2*most) / most, thrash: r.Thrash - 1, steep: r.Steep}
}

// cpu is the cost of all the threads of a node: the integral of the price from
// an idle node on.
func (p prices) cpu(n *node, demand float64) float64 {
	u := demand / n.capacity
	// Up to here the price is that of an idle node.
	flat := min(u, n.flat/p.logB)
	cost := flat * n.capacity * n.slow
	if u > flat {
		at := min(u*p.logB, exponentMax)
		cost += n.capacity / p.logB * (math.Exp(at) - math.Exp(flat*p.logB))
	}
	return cost
}

// danger is how much of thrashing is to be feared on a node with so much of its
// memory in use. When there is less than is in use it is there, and grows as it
// began.
func (p prices) danger(n *node, used float64) float64 {
	over := p.steep * (used/n.memory - 1)
	if over > 0 {
		return 1 + over
	}
	return math.Exp(over)
}

// cost of a node with so many threads, that weigh so much in all, and bytes.
func (p prices) cost(n *node, demand, weight, used float64) float64 {
	cpu := p.cpu(n, demand)
	mean := 0.0
	if demand > 0 {
		mean = weight / demand
	}
	// Memory that nobody computes with is worth something, too: idlers' share.
	return mean*cpu + (mean*cpu+n.capacity*p.idlers)*p.thrash*p.danger(n, used)
}

// more is what a node costs more with this much more on it.
func (p prices) more(n *node, wants, weight, bytes float64) float64 {
	return p.cost(n, n.demand+wants, n.weight+wants*weight, n.used+bytes) - n.cost(p)
}

// less is what a node costs less without this much of what is on it.
func (p prices) less(n *node, wants, weight, bytes float64) float64 {
	return n.cost(p) - p.cost(n, max(n.demand-wants, 0), max(n.weight-wants*weight, 0), max(n.used-bytes, 0))
}

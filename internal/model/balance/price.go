package balance

import "math"

// prices turns the use of a node's CPUs and memory into one cost.
//
// The unit of speed is here the fastest processor known. One more thread on a
// node with utilisation u (threads that want a CPU, over the CPUs in that unit)
// costs 2^u: exponential, so that what is scarce becomes dear before it is gone.
// From u = 2 on the price is 2u, which is then less, and what such a thread
// really costs, itself and the others there. (An exponential for any load would
// have to be scaled by the highest load known, and the scale would change with
// every move.) It is never less than what a thread costs on the idle node,
// 1/speed.
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
	idlers float64 // weight of a node's memory, for each CPU
	thrash float64 // seconds lost per second of each thread on a thrashing node
	steep  float64
}

func newPrices(r Rules) prices {
	return prices{idlers: 1 / r.MaxLife.Seconds(), thrash: r.Thrash - 1, steep: r.Steep}
}

// crowded is the utilisation from which on the price is linear.
const crowded = 2

// upTo is the integral of the price of an infinitely fast node up to u.
func upTo(u float64) float64 {
	if u <= crowded {
		return (math.Exp(u*math.Ln2) - 1) / math.Ln2
	}
	return (1<<crowded-1)/math.Ln2 + u*u - crowded*crowded
}

// flatUntil is the utilisation up to which the price of a node that is so many
// times slower is that of an idle one.
func flatUntil(slow float64) float64 {
	if slow <= 2*crowded {
		return math.Log2(slow)
	}
	return slow / 2
}

// cpu is the cost of all the threads of a node: the integral of the price from
// an idle node on.
func (p prices) cpu(n *node, demand float64) float64 {
	u := demand / n.capacity
	if u <= n.flat {
		return u * n.capacity * n.slow
	}
	return n.capacity * (n.flat*n.slow + upTo(u) - upTo(n.flat))
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

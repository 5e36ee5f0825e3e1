package sim

import (
	"container/heap"
	"slices"
)

// node shares its processors among its jobs. Each gets service in proportion to
// what it wants; a job ends when it has had as much as it needs, so it is enough
// to count the service that a job with one thread would have had.
type node struct {
	index      int
	cpus       float64
	speed      float64 // of a standard processor
	memory     float64
	ownerFirst bool

	jobs    byFinish
	demand  float64
	used    float64 // bytes; what is coming is counted
	coming  float64 // threads on their way here
	going   float64 // and from here
	guests  int
	growing float64 // bytes per second
	owner   float64 // threads of its owner's, which come first
	dead    bool
	quiet   bool
	blocks  bool

	service float64
	since   float64 // when service was computed
	version int     // of the completion that is in the queue
	thrash  float64

	busy      float64 // CPU seconds given to jobs
	thrashing float64 // seconds
	weight    float64 // of its threads, as the policy says
	linkFree  float64 // when all that it sends is sent
	sent      []sending
}

// sending is a job that this node has sent away.
type sending struct {
	to            int // index
	at            float64
	wants, memory float64
}

// ownerLeft is what the owner leaves at least: guests have a low weight, not none.
const ownerLeft = 0.02

// rate is the service per second.
func (n *node) rate() float64 {
	if n.dead {
		return 0
	}
	r := n.speed
	cpus := max(n.cpus-n.owner, n.cpus*ownerLeft)
	if n.demand > cpus {
		r *= cpus / n.demand
	}
	if n.used > n.memory*(1+1e-12) {
		r /= n.thrash
	}
	return r
}

// advance computes the service up to now. It must be called before anything of
// the node changes.
func (n *node) advance(now float64) {
	passed := now - n.since
	if passed <= 0 {
		return
	}
	r := n.rate()
	n.service += r * passed
	n.since = now
	if n.dead {
		return
	}
	n.busy += r / n.speed * n.demand * passed
	if n.used > n.memory*(1+1e-12) {
		n.thrashing += passed
	}
}

// enter puts a job on the node. Its memory is counted by whoever has made room.
func (n *node) enter(j *job, tax float64) {
	// A job that waits for calls wants less of a processor, and gets on less.
	efficiency := 1 / (1 + tax)
	j.at, j.entered = n, n.service
	j.demand = j.wants * efficiency
	j.speed = j.demand
	j.finish = n.service + (j.work-j.done)/j.speed
	n.demand += j.demand
	n.growing += j.growth
	if j.home != n.index {
		n.guests++
	}
	heap.Push(&n.jobs, j)
}

// leave takes a job from the node.
func (n *node) leave(j *job) {
	j.done = j.worked()
	j.at = nil
	heap.Remove(&n.jobs, j.index)
	n.demand -= j.demand
	n.growing -= j.growth
	if j.home != n.index {
		n.guests--
	}
	if len(n.jobs) == 0 {
		n.demand, n.growing = 0, 0 // what rounding has left
	}
}

// grow is what happens to memory in a second.
func (n *node) grow(seconds float64) {
	for _, j := range n.jobs {
		if j.growth > 0 && j.memory < j.grownTo {
			more := min(j.growth*seconds, j.grownTo-j.memory)
			j.memory += more
			n.used += more
			if j.moving {
				j.to.used += more
			}
		}
	}
}

// surely is after how many seconds what was sent is in the information.
const surely = 60

func (n *node) forget(now float64) {
	n.sent = slices.DeleteFunc(n.sent, func(s sending) bool { return now-s.at > surely })
}

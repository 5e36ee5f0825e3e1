package sim

import "time"

// Scenario is what is to be computed.
type Scenario struct {
	Title    string
	Seed     uint64
	Runs     int
	Duration time.Duration // in which jobs arrive
	Limit    time.Duration // at which a run is cut off, its jobs unfinished
	Interval time.Duration // between two decisions of a node
	Freeze   time.Duration // of a job in a move, beside its bytes
	Link     Link
	// Thrash is by what everything on a node is slower while its memory is overdrawn.
	Thrash      float64
	Information Information
	Groups      []Group // of nodes, numbered from 1 in this order
	Jobs        []Jobs
	Events      []Event
	Policies    []string
	// Blind: what a job needs is not known when it is placed.
	Blind bool
}

// Link between any two nodes.
type Link struct {
	Bandwidth float64 // bytes per second, of each node
	Latency   time.Duration
}

// Information is how nodes know of each other.
type Information struct {
	Kind  string        // now, delay or gossip
	Delay time.Duration // of delay
	Keep  int           // entries that a node keeps; of gossip
}

// The kinds of information.
const (
	Now    = "now"    // everybody knows everything
	Delay  = "delay"  // everybody knows everything as it was some time ago
	Gossip = "gossip" // as the daemon does it
)

// Group is equal nodes.
type Group struct {
	Count, CPUs, Speed int
	Memory             float64 // bytes
	OwnerFirst         bool
}

// Jobs is a stream of jobs of one kind.
type Jobs struct {
	Name      string
	Arrive    Arrivals
	At        string // random, round-robin, or a node's number
	Life      Dist   // seconds of work on a standard processor
	Memory    Dist   // bytes
	Wants     Dist   // CPUs
	Calls     Dist   // per second of work, to home when away
	CallBytes Dist   // per second of work
	Growth    Dist   // bytes per second, until GrownTo
	GrownTo   Dist
	Kind      string // "", cpu or io: what its user says
}

// Arrivals is when jobs come.
type Arrivals struct {
	Kind  string        // poisson, every or burst
	Mean  time.Duration // between two
	Count int           // of burst; of the others at most, 0: no end
	Start time.Duration
}

// Event is what happens to a node.
type Event struct {
	At    time.Duration
	Node  int
	What  string  // dies, owner, quiet, blocks
	Value float64 // of owner: how many threads he runs; of quiet and blocks: 1 or 0
}

// nodes is how many there are.
func (s *Scenario) nodes() int {
	n := 0
	for _, g := range s.Groups {
		n += g.Count
	}
	return n
}

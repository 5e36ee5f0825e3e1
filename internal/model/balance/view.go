// Package balance decides what moves where: a pure function from what a node
// knows to the moves it wants, with the numbers that led to each.
//
// A node decides for the processes that run on it, its own and its guests; it
// takes its own back from elsewhere when their calls ask for it. Costs are
// seconds per second of work: 1 is a thread alone on the fastest node known.
// The price of a move is in seconds, and so is its gain over the time that the
// process is expected to live on.
//
// It is not the doing (the daemon moves, and is told no by other nodes), and not
// the measuring. It reads no clock and draws no random number: of equals, the
// seed in the view picks one. The order of nodes and processes in a view makes
// no difference. docs/design/0009-balancing.md has the formulae and the reasons.
package balance

import "time"

// View is all that a decision depends on.
type View struct {
	Self  int           // number of the node that decides
	Now   time.Duration // since some fixed moment
	Seed  uint64        // picks among near equals: different on each node, and each time
	Nodes []Node        // this node and the others it knows of, in any order
	Procs []Proc        // those that run here, and those from here that run elsewhere
	Sent  []Sent        // what this node has sent and started away lately
	Settings
	Rules Rules
}

// Settings are what the administrator of this node has told it.
type Settings struct {
	Stay  bool // nothing leaves by itself
	LStay bool // this node's own processes do not leave by themselves
}

// Node is what is known of a node.
type Node struct {
	Number int
	CPUs   int
	Speed  int     // 10000 is the standard processor
	Demand float64 // threads that run or want to, guests and own
	Local  float64 // those of them that are not guests'
	// Weight is the mean of its threads' weights, which that node's own Decision
	// says; 0: it has none. It counts if the Rules say that nodes tell it.
	Weight      float64
	Utilisation float64 // share of the CPUs' time in use, 0…1
	MemTotal    uint64  // bytes
	MemFree     uint64  // bytes that could be given
	MemPressure float64 // share of time in which something waits for memory, 0…1
	Guests      int
	MaxGuests   int     // 0: no limit
	LoadLimit   float64 // load above which it takes no guests, in standard processors; 0: no limit
	Accepting   bool    // takes guests now: not blocked, not quiet, not leaving
	// OwnerFirst: its guests get the CPUs that local work leaves; what is too much goes.
	OwnerFirst bool
	Age        time.Duration
	Link       Link // between this node and that; of no meaning for this node itself
	Features   Features
}

// Link is the way to a node.
type Link struct {
	Bandwidth float64       // bytes per second; 0: DefaultBandwidth
	Latency   time.Duration // there and back; 0: DefaultLatency
	Freeze    time.Duration // for which one with few bytes stands still in a move; 0: Rules.Freeze
}

// Features tells whether a node's processors can run what was started on this
// node's.
type Features int

// Nothing goes by itself where it is not known.
const (
	UnknownFeatures Features = iota
	Compatible
	Incompatible
)

// Sent is a process that this node has sent somewhere or started there. Until
// there is information about that node from after At, it is added to it.
type Sent struct {
	To       int
	At       time.Duration // as View.Now
	Wants    float64       // CPUs
	Resident uint64        // bytes
}

package balance

import "time"

// Decision is what should be done, and why. Both lists are in the order in which
// it was decided: what is urgent first.
type Decision struct {
	Moves []Move
	// Explanations has one for each process in the view, moved or not, ordered
	// by home and PID.
	Explanations []Explanation
	// Weight is the mean weight of this node's threads after the moves: others
	// should be told of it. 0: it has none.
	Weight float64
}

// Move is a process to be moved.
type Move struct {
	PID, Home int
	From, To  int
	Wants     float64 // CPUs, as it was taken in the decision
	Why       Explanation
	// Urgent: it grows so fast that its node would have no memory left before it
	// was moved. It is to stand still from the beginning.
	Urgent bool
}

// Explanation is what was found about one process.
type Explanation struct {
	PID, Home int
	Where     int // the node it runs on
	To        int // where it goes, or the best of the other nodes; 0: there is none
	Rule      Rule
	// Here is the cost where it runs, There on To: seconds per second of work, of
	// a process that weighs what is usual on the node that decides.
	Here, There float64
	Life        time.Duration // for which it is expected to live on
	Price       time.Duration // of moving it to To, in seconds of such a process
	// Gain is the time saved by the move over the life, by it and by others, in
	// seconds of such a process; the price is not taken off.
	Gain time.Duration
	// Refused is why nodes that were cheaper, or all nodes, were not taken.
	Refused Rule
	Bytes   uint64        // its memory
	Age     time.Duration // of the information about To
}

// Rule is the name of what decided. It never changes its meaning.
type Rule string

// Rules that move a process.
const (
	Balance Rule = "balance" // it costs less there, by more than the move does
	Memory  Rule = "memory"  // its node is or will be short of memory
	Owner   Rule = "owner"   // its node needs its CPUs itself
	Data    Rule = "data"    // its calls go home, and it follows them
	Placed  Rule = "placed"  // it has just been started
)

// Rules that keep a process where it is.
const (
	Cannot     Rule = "cannot"       // something of it keeps it from moving
	Locked     Rule = "locked"       // its user has locked it
	Stay       Rule = "stay"         // its node is told stay
	LStay      Rule = "lstay"        // its node is told lstay
	IOBound    Rule = "io"           // an I/O job stays with its data
	Idle       Rule = "idle"         // it wants no CPU, and has little memory
	Cooling    Rule = "cooling"      // it moved a moment ago
	NobodyWait Rule = "nobody-waits" // there are CPUs for all here, and no faster ones there
	NoNode     Rule = "no-node"      // there is no node that could take it
	NoGain     Rule = "no-gain"      // no node is enough better
	NotWorth   Rule = "not-worth"    // the move would cost more than it saves in its life
	ElseWhere  Rule = "elsewhere"    // it runs on another node, which decides
	Best       Rule = "best"         // it was started here because no node is better
)

// Rules that close a node to a process.
const (
	NoInformation Rule = "no-information" // what is known is too old, or makes no sense
	Blocked       Rule = "blocked"        // it takes no guests
	Full          Rule = "full"           // it has as many guests as it wants
	LoadLimit     Rule = "load-limit"     // it is loaded up to its limit
	NoMemory      Rule = "no-memory"      // it has no room
	CPUFeatures   Rule = "cpu-features"   // its processors lack something, or it is not known
	NotAllowed    Rule = "not-allowed"    // the process may not go there
	OwnerBusy     Rule = "owner-busy"     // its local work needs its CPUs
)

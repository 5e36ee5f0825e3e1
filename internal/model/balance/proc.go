package balance

import "time"

// Proc is what is known of a process. Pairs of PID and Home are unique in a view.
type Proc struct {
	PID     int // on its home node
	Home    int
	Where   int // the node it runs on
	Owner   uint32
	Command string

	Age time.Duration // since its start, or its last exec
	// CPUTime is the work it has done since then, wherever it ran, in time on a
	// standard processor, or nearly. 0: unknown.
	CPUTime time.Duration
	CPU     float64 // CPUs it has used of late
	// Wants is how many CPUs it would use if it were alone; 0: CPU, and more
	// in the measure in which the node it runs on is short of CPUs.
	Wants    float64
	Resident uint64  // bytes
	Growth   float64 // of Resident, bytes per second

	// What goes home while it is away, or would: system calls per second, and
	// the bytes in them per second.
	Calls     float64
	CallBytes float64

	Kind     Kind
	Locked   bool
	Allowed  func(node int) bool // nil: every node. Home always is.
	Cannot   string              // the code of what keeps it from moving; empty: nothing
	Moves    int                 // since its start
	LastMove time.Duration       // ago; of no meaning if Moves is 0
	Fresh    bool                // has just been exec'ed: its memory is a few pages
	// Expected is how long it is thought to run on, from what is known of its
	// command; 0: as long as it has run.
	Expected time.Duration
}

// Kind of work, as the user said.
type Kind string

// The kinds. What calls a CPU job makes are not held against moving it; an I/O
// job stays with its data.
const (
	AnyKind Kind = ""
	CPUJob  Kind = "cpu"
	IOJob   Kind = "io"
)

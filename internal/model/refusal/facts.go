package refusal

import (
	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
)

// Probe is the first argument of our own binary where it is a program to be
// moved, so that moves can be measured.
const Probe = "tune-probe"

// Facts is what is known of a process, as seen from outside while it runs.
type Facts struct {
	PID           int
	Numbers       []int // its pids in all its namespaces: a procfs shows it under one of them
	State         byte  // as in proc_pid_stat(5)
	Kernel        bool
	DumpingCore   bool
	Class32       bool   // the executable is a 32-bit one
	Ours          bool   // runs our own binary, but for Probe
	Guest         bool   // a guest of this node
	Supervised    bool   // traced by our own supervisor: a deputy, or on its way
	Tracer        string // who traces it, empty for nobody
	Traced        []int  // whom it traces
	SharesMemory  []int  // processes with the very same memory
	ShadowStack   bool
	SeccompStrict bool
	CPUTimers     []Timer
	Threads       []Thread
	Mappings      []Mapping
	Descriptors   []Descriptor
	// Own are the places in which we keep memory in a process that has moved before.
	Own []image.Range
}

// self is the process's id as it knows it.
func (f *Facts) self() int {
	if n := len(f.Numbers); n > 0 {
		return f.Numbers[n-1]
	}
	return f.PID
}

// Timer is a POSIX timer on a CPU clock.
type Timer struct {
	ID     int
	Clock  cpuclock.Clock
	Signal int // 0: none
}

// Thread is what matters of one thread.
type Thread struct {
	TID    int
	Policy int  // as in sched(7)
	Worker bool // made by the kernel inside the process, for io_uring
	Ending bool // it has ended, or is about to
}

// Scheduling policies of sched(7) that keep deadlines.
const (
	policyFIFO     = 1
	policyRR       = 2
	policyDeadline = 6
)

// Mapping is what matters of one mapping.
type Mapping struct {
	image.Range
	Name          string // without " (deleted)"
	Special       bool   // [vvar], [vdso] …: the kernel's own, rebuilt on each node
	Flags         Flags
	ProtectionKey int
	// Alone: it is shared and may be written, but nobody else has what it shows. If not, Sharing
	// tells why not, where that is known.
	Alone   bool
	Sharing string
	// Written: it is shared, and may only be read; but somebody has its file open to write.
	Written bool
}

// Flags are properties of a mapping: VmFlags of smaps that matter.
type Flags uint32

const (
	Shared    Flags = 1 << iota // sh
	MayWrite                    // wr or mw
	Device                      // io or pf
	HugePages                   // ht
	Faults                      // um, uw, ui
	Sealed                      // sl
	Shadow                      // ss
)

// Has tells whether all of the flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

// Descriptor is one open descriptor.
type Descriptor struct {
	Number int
	Target string // as the link in /proc/pid/fd
}

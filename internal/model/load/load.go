// Package load is the arithmetic of load: from what the kernel counts to the
// figures that nodes tell each other. Pure: it is told the counts and the time
// that passed between them.
//
// The unit of load is that of openMosix: 1 is one process that always wants to
// run, on a node with one processor of standard speed. A node with two such
// processors, or with one twice as fast, has load 0.5 with the same process.
package load

import (
	"math"
	"time"
)

// Standard is the speed of the standard processor.
const Standard = 10000

// Window is over what time the load is smoothed: long enough that a process
// that runs for an instant does not chase others away, short enough that a
// balancer sees a burst before it is over.
const Window = 5 * time.Second

// Counts is what has been counted at one moment.
type Counts struct {
	Running int    // threads that run or want to
	Busy    uint64 // CPU time used so far, any unit
	Passed  uint64 // the time all CPUs together had so far, same unit
	// Waited is the time so far in which anything waited for a CPU, as the kernel
	// counts it (pressure); 0 where it does not.
	Waited time.Duration
	// Shared: others use the CPUs too and are not counted. Then what runs
	// wants a CPU, though it gets little time.
	Shared bool
}

// State is what is known after some counts.
type State struct {
	last    Counts
	started bool
	Demand  float64 // threads that want a CPU, smoothed
	Used    float64 // share of the CPUs' time in use, 0…1, smoothed
}

// Next takes in the counts after some time, on a node with so many CPUs.
//
// While there are CPUs for all, demand is the time they used: exact, where the
// number that run at one moment is a matter of luck. Who waits uses no time, so
// what runs beyond the number of CPUs is added; and at least one thread for the
// time in which the kernel saw some wait, which the moment may have missed.
func (s State) Next(c Counts, cpus int, passed time.Duration) State {
	if !s.started {
		return State{last: c, started: true, Demand: float64(max(c.Running, 0))}
	}
	used := s.Used
	if c.Passed > s.last.Passed {
		busy := min(c.Busy-min(c.Busy, s.last.Busy), c.Passed-s.last.Passed)
		used = float64(busy) / float64(c.Passed-s.last.Passed)
	}
	waiting := float64(max(c.Running-cpus, 0))
	if c.Waited > s.last.Waited && passed > 0 {
		waiting = max(waiting, min(float64(c.Waited-s.last.Waited)/float64(passed), 1))
	}
	demand := used*float64(cpus) + waiting
	if c.Shared {
		demand = float64(max(c.Running, 0))
	}
	old := Unseen(passed)
	return State{
		last:    c,
		started: true,
		Demand:  s.Demand*old + demand*(1-old),
		Used:    s.Used*old + used*(1-old),
	}
}

// Unseen is the share of a change that smoothed figures do not show yet, so long
// after it: 1 at once, 0 in the end.
func Unseen(passed time.Duration) float64 {
	return math.Exp(-float64(max(passed, 0)) / float64(Window))
}

// Of gives the load of a node of that many processors of that speed.
func Of(demand float64, cpus, speed int) float64 {
	return demand / float64(max(cpus, 1)) * Standard / float64(max(speed, 1))
}

// In gives a load in units of another processor than the standard one: the
// yardstick.
func In(load float64, yardstick int) float64 {
	return load * Standard / float64(max(yardstick, 1))
}

// perStandard is how many rounds of linux/speed's loop the standard processor,
// a Pentium III of 1 GHz, does in a second: estimated from the latencies of its
// instructions. Only ratios between nodes matter to anything.
const perStandard = 40e6

// Speed of a processor that does so many rounds in a second.
func Speed(rounds float64) int {
	return int(min(max(math.Round(rounds/perStandard*Standard), MinSpeed), MaxSpeed))
}

// MinSpeed and MaxSpeed bound what a speed may be set to.
const (
	MinSpeed = 1
	MaxSpeed = 10_000_000
)

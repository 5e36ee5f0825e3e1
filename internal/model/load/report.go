package load

import (
	"fmt"
	"math"
)

// Report is what a node tells the others of itself, at one moment.
//
// It says nothing of when that was: clocks of nodes need not agree, so ages
// travel beside it (model/gossip).
type Report struct {
	Node     int    `json:"node"`
	Instance uint32 `json:"instance"` // one run of one daemon: tells twins apart, and a node from itself before its restart
	Sequence uint32 `json:"sequence"` // of two reports of an instance the larger is the later one

	CPUs        int     `json:"cpus"`
	Speed       int     `json:"speed"`  // of one of them
	Demand      float64 `json:"demand"` // threads that want a CPU, smoothed; guests among them
	Utilisation float64 `json:"util"`   // share of the CPUs' time in use, 0…1
	Weight      float64 `json:"weight"` // mean of its threads', 0…1: how much they mind to wait (model/balance)

	// Bytes. What could be given to guests takes nothing from the owner: what is
	// kept spare, promised to earlier guests, or beyond a limit is not in it.
	MemTotal     uint64 `json:"mem_total"`
	MemFree      uint64 `json:"mem_free"`
	MemAvailable uint64 `json:"mem_available"` // as the node's kernel sees it

	Guests    int `json:"guests"`     // guest supervisors
	MaxGuests int `json:"max_guests"` // as many may be
	Away      int `json:"away"`       // own processes on other nodes

	Accepting bool `json:"accepting"` // takes guests
	Stay      bool `json:"stay"`      // nothing leaves it
	LStay     bool `json:"lstay"`     // its own processes do not
	Quiet     bool `json:"quiet"`     // what has to do with load is not told, and is zero
	NoMFS     bool `json:"nomfs"`
	Closed    bool `json:"closed"` // takes no guests just now: its owner needs it, or it is outside its hours

	Pressure Pressure `json:"pressure"`
	// CPU is a fingerprint of what the CPU offers to programs. Where it is the
	// same, what runs on one runs on the other; where it differs one has to ask.
	CPU uint64 `json:"cpu"`
}

// Pressure is the share of the last ten seconds, per mille, in which some or
// all that wanted to run waited for a resource. Untold where the kernel does
// not count it.
type Pressure struct {
	CPU        uint16 `json:"cpu"`         // some waited for a processor
	MemorySome uint16 `json:"memory_some"` // some waited for memory
	MemoryFull uint16 `json:"memory_full"` // all did
}

// Untold stands for a pressure that is not known.
const Untold = math.MaxUint16

// NoPressure is what is told where the kernel counts none.
var NoPressure = Pressure{Untold, Untold, Untold}

// Load in units of the standard processor.
func (r Report) Load() float64 { return Of(r.Demand, r.CPUs, r.Speed) }

// Hushed leaves out what has to do with load, as a quiet node tells it. What a
// node is, and what it is told to do, is no secret.
func (r Report) Hushed() Report {
	r.Quiet = true
	r.Weight = 0
	r.Demand, r.Utilisation, r.MemFree, r.MemAvailable, r.Guests, r.Away = 0, 0, 0, 0, 0, 0
	r.Pressure = NoPressure
	return r
}

// Check finds what no node can mean.
func (r Report) Check() error {
	no := func(format string, args ...any) error {
		return fmt.Errorf("report of node %d: "+format, append([]any{r.Node}, args...)...)
	}
	within := func(v, least, most int) bool { return v >= least && v <= most }
	switch {
	case !within(r.Node, 1, math.MaxUint16):
		return no("numbers are 1…65535")
	case !within(r.CPUs, 1, math.MaxUint16):
		return no("%d CPUs", r.CPUs)
	case !within(r.Speed, MinSpeed, MaxSpeed):
		return no("speed %d is not in %d…%d", r.Speed, MinSpeed, MaxSpeed)
	case !(r.Demand >= 0 && r.Demand <= maxDemand):
		return no("%v threads that want a CPU", r.Demand)
	case !(r.Utilisation >= 0 && r.Utilisation <= 1):
		return no("%v of the CPUs' time is in use", r.Utilisation)
	case !(r.Weight >= 0 && r.Weight <= 1):
		return no("threads of weight %v", r.Weight)
	case max(r.MemTotal, r.MemFree, r.MemAvailable) > maxMemory:
		return no("more than %d bytes of memory", uint64(maxMemory))
	case !within(r.Guests, 0, math.MaxUint16) || !within(r.MaxGuests, 0, math.MaxUint16) || !within(r.Away, 0, math.MaxUint16):
		return no("%d guests of %d, %d away: each is in 0…65535", r.Guests, r.MaxGuests, r.Away)
	}
	for _, p := range []uint16{r.Pressure.CPU, r.Pressure.MemorySome, r.Pressure.MemoryFull} {
		if p > 1000 && p != Untold {
			return no("pressure of %d per mille", p)
		}
	}
	return nil
}

// Bounded puts what has grown beyond the bounds of a report onto them.
func (r Report) Bounded() Report {
	r.CPUs = min(max(r.CPUs, 1), math.MaxUint16)
	r.Speed = min(max(r.Speed, MinSpeed), MaxSpeed)
	r.Demand = min(max(r.Demand, 0), maxDemand)
	r.Utilisation = min(max(r.Utilisation, 0), 1)
	r.Weight = min(max(r.Weight, 0), 1)
	for _, m := range []*uint64{&r.MemTotal, &r.MemFree, &r.MemAvailable} {
		*m = min(*m, maxMemory)
	}
	for _, n := range []*int{&r.Guests, &r.MaxGuests, &r.Away} {
		*n = min(max(*n, 0), math.MaxUint16)
	}
	return r
}

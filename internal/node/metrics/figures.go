package metrics

import (
	"fmt"
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/tally"
)

// Figures are those of one moment.
type Figures struct {
	Nodes       map[string]int // by state
	Load        float64
	Utilisation float64 // 0…1
	Speed, CPUs int
	// Memory in bytes.
	MemTotal, MemAvailable, MemLendable uint64
	Guests, Away, Moving                int
	Refused                             uint64
	KeptFiles, KeptBytes, HeldBytes     uint64
	KeptAsked                           map[string]uint64 // by outcome
	Seen, Done                          []tally.Call
}

// samples are those of the figures, by metric.
func (f Figures) samples() map[string][]sample {
	s := map[string][]sample{}
	put := func(name string, value float64, labels ...string) {
		s[name] = append(s[name], sample{values: labels, value: value})
	}
	for state, n := range f.Nodes {
		put(nodes, float64(n), state)
	}
	put(nodeLoad, f.Load)
	put(utilisation, f.Utilisation)
	put(speed, float64(f.Speed))
	put(cpus, float64(f.CPUs))
	put(memory, float64(f.MemTotal), "total")
	put(memory, float64(f.MemAvailable), "available")
	put(memory, float64(f.MemLendable), "lendable")
	put(guestsNow, float64(f.Guests))
	put(away, float64(f.Away))
	put(moving, float64(f.Moving))
	put(strangers, float64(f.Refused))
	put(keptFiles, float64(f.KeptFiles))
	put(keptBytes, float64(f.KeptBytes))
	put(heldBytes, float64(f.HeldBytes))
	for outcome, n := range f.KeptAsked {
		put(keptAsked, float64(n), outcome)
	}
	for _, call := range f.Seen {
		name := nameOf(call.Nr)
		s[callSeen] = append(s[callSeen], latencies(name, call))
		put(callBytes, float64(call.Sent), name, "to_home")
		put(callBytes, float64(call.Received), name, "from_home")
	}
	for _, call := range f.Done {
		s[callDone] = append(s[callDone], latencies(nameOf(call.Nr), call))
	}
	return s
}

// finest is the first bucket that is shown: nothing is forwarded faster.
const finest = 3

// latencies are a row of the tally, with its fine buckets in one.
func latencies(name string, call tally.Call) sample {
	h := &histogram{counts: make([]uint64, tally.Buckets-finest), sum: float64(call.Nanos) / float64(time.Second)}
	for i := range tally.Buckets {
		at := max(0, i-finest)
		if i < len(call.Buckets) {
			h.counts[at] += call.Buckets[i]
		}
		if i >= finest && i < tally.Buckets-1 { // the last one has no bound
			h.bounds = append(h.bounds, tally.Bound(i).Seconds())
		}
	}
	return sample{values: []string{name}, histogram: h}
}

func nameOf(nr int) string {
	if row := syscalls.Lookup(nr); row != nil {
		return row.Name
	}
	return fmt.Sprintf("call_%d", nr)
}

package balance

import (
	"math"
	"time"
)

// Sample is what was counted of a process since the sample before.
type Sample struct {
	CPU       time.Duration // used
	Waited    time.Duration // for a CPU, while it could have run
	Calls     float64       // that went home, or would have
	CallBytes float64
	Resident  uint64 // now
}

// Decay is how fast old statistics lose their weight: of them, Keep per mille
// stay after each Period.
type Decay struct {
	Period time.Duration
	Keep   int // 1000: nothing is ever forgotten
}

// History is the statistics of a process, decayed. The zero value knows nothing.
type History struct {
	CPU       float64 // CPUs used
	Wants     float64 // CPUs it would have used if it had not had to wait
	Calls     float64 // per second
	CallBytes float64 // per second
	Growth    float64 // bytes per second
	resident  uint64
	sized     bool    // resident is its own
	weight    float64 // seconds, decayed: what the averages are over
	watched   float64 // seconds, up to growthWindow: what Growth is over
}

// inherited is how many seconds of a child's own statistics those of its parent
// count for.
const inherited = 0.5

// Inherited is what a child begins with: what its parent did is what it is
// thought to do, until it is seen what it does.
func (h History) Inherited() History {
	h.weight = min(h.weight, inherited)
	h.resident, h.sized, h.Growth, h.watched = 0, false, 0, 0
	return h
}

// Next takes in what was counted in some time. With a short history the averages
// are over what there is of it.
func (h History) Next(s Sample, passed time.Duration, d Decay) History {
	t := passed.Seconds()
	if t <= 0 {
		return h
	}
	keep := 1.0
	if d.Period > 0 {
		keep = math.Pow(float64(min(max(d.Keep, 0), 1000))/1000, t/d.Period.Seconds())
	}
	old := h.weight * keep
	mean := func(before, counted float64) float64 { return (before*old + max(counted, 0)) / (old + t) }
	n := History{
		CPU:       mean(h.CPU, s.CPU.Seconds()),
		Wants:     mean(h.Wants, (s.CPU + max(s.Waited, 0)).Seconds()),
		Calls:     mean(h.Calls, s.Calls),
		CallBytes: mean(h.CallBytes, s.CallBytes),
		resident:  s.Resident,
		sized:     true,
		weight:    old + t,
	}
	if h.sized {
		// Growth is looked at over seconds, however slow the rest decays: what
		// matters of it is what comes next.
		grown := float64(s.Resident) - float64(h.resident)
		n.Growth = (h.Growth*h.watched + grown) / (h.watched + t)
		n.watched = min(h.watched+t, growthWindow.Seconds())
	}
	return n
}

const growthWindow = 5 * time.Second

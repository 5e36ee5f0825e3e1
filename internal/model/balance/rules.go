package balance

import "time"

// Rules are the constants of the policy. The zero value of a field means its
// default; docs/design/0009-balancing.md says how the defaults were found.
type Rules struct {
	// Thrash is how many times slower a node becomes whose memory is overdrawn.
	Thrash float64
	// Steep is the exponent of the price of memory: how much of the danger of
	// thrashing is already there before the memory is full.
	Steep float64
	// Margin is by what share a place must be better.
	Margin float64
	// Near is by what share of the best gain another node's may be less and
	// still count as equal, so that not all nodes choose the same.
	Near float64
	// Reserve is the share of a node's memory that is left free.
	Reserve float64
	// Ahead is how far the growth of processes is looked ahead, beside the
	// time their moves take.
	Ahead time.Duration
	// MaxAge is how old information may be to be acted upon; Doubt is in what
	// time it loses most of its worth.
	MaxAge, Doubt time.Duration
	// Freeze is how long a process stands still in a move, beside its bytes, where
	// a Link does not say; and how long it takes to start a program elsewhere.
	Freeze time.Duration
	// Warm is how much of the time its bytes take is lost to cold caches and
	// to the work of both nodes, as a share.
	Warm float64
	// What supervisors compute, on each of both nodes, takes CPU time from who runs
	// there: to start a program elsewhere, to move a MiB, and for a call that goes home.
	PlaceWork, MoveWork, CallWork time.Duration
	// MinLife and MaxLife bound for how long a process is expected to live on.
	MinLife, MaxLife time.Duration
	// Cooldown is the least time between two moves of a process for its own
	// good; it doubles with every move.
	Cooldown time.Duration
	// Onward: home also sends its processes on from the node they run on.
	// Otherwise that node does, which knows its load better.
	Onward bool
	// Weights: nodes tell the weight of their threads. Otherwise all processes
	// weigh the same, and what is made small is time lost, not slowdown.
	Weights bool
}

// Without anything better being known of a link: a Gbit network.
const (
	DefaultBandwidth = 110e6
	DefaultLatency   = 200 * time.Microsecond
)

// DefaultRules are what the daemon uses unless it is told otherwise.
func DefaultRules() Rules {
	return Rules{
		Thrash: 10, Steep: 20, Margin: 0.15, Near: 0.1, Reserve: 0.05,
		Ahead: 5 * time.Second, MaxAge: 30 * time.Second, Doubt: 20 * time.Second,
		Freeze: 30 * time.Millisecond, Warm: 0.25,
		PlaceWork: 15 * time.Millisecond, MoveWork: 2 * time.Millisecond, CallWork: 100 * time.Microsecond,
		MinLife: time.Second, MaxLife: time.Hour, Cooldown: 2 * time.Second,
	}
}

func (r Rules) withDefaults() Rules {
	d := DefaultRules()
	or(&r.Thrash, d.Thrash)
	or(&r.Steep, d.Steep)
	or(&r.Margin, d.Margin)
	or(&r.Near, d.Near)
	or(&r.Reserve, d.Reserve)
	or(&r.Ahead, d.Ahead)
	or(&r.MaxAge, d.MaxAge)
	or(&r.Doubt, d.Doubt)
	or(&r.Freeze, d.Freeze)
	or(&r.Warm, d.Warm)
	or(&r.PlaceWork, d.PlaceWork)
	or(&r.MoveWork, d.MoveWork)
	or(&r.CallWork, d.CallWork)
	or(&r.MinLife, d.MinLife)
	or(&r.MaxLife, d.MaxLife)
	or(&r.Cooldown, d.Cooldown)
	return r
}

// or replaces what is not set, and what cannot be: everything here is positive.
func or[T float64 | time.Duration](v *T, otherwise T) {
	if !(*v > 0) {
		*v = otherwise
	}
}

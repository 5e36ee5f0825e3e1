// Package owner decides what a node does for its owner while it has guests: a
// state machine that is told once a second what the CPUs and the memory are
// wanted for, and says whether guests are taken, how much they get, and which
// of them is to leave. Pure: it sends nobody away itself.
//
//	            wanted          after Rules.After/2     after Rules.After
//	Free ──────────────► Contended ──────────► Throttled ──────────► Evicting
//	  ▲  ◄── as long ago ──┘                       │  ▲                  │
//	  │                                            │  └── as long ago ───┘
//	  └────────── room for Rules.Calm ─────────────┘
//
// "Wanted" is that the owner's threads and the guests' together are more than the
// CPUs. Time in which they are not counts against time in which they are, so a
// burst is forgotten and many bursts are not.
package owner

import (
	"fmt"
	"time"
)

// Phase is how far things have come.
type Phase int

// Phases, in their order.
const (
	Free      Phase = iota // the owner has what he wants
	Contended              // he and guests want the same CPUs
	Throttled              // still: guests get what he leaves, and no new ones come
	Evicting               // still: guests leave, one by one
)

func (p Phase) String() string {
	return [...]string{"free", "contended", "throttled", "evicting"}[p]
}

// Rules are what the administrator says.
type Rules struct {
	First bool          // false: the CPUs are not the owner's affair; memory is
	After time.Duration // so long he waits until guests leave
	Calm  time.Duration // so long there was room until guests come again
}

// Input is what is seen at one moment.
type Input struct {
	CPUs    int
	Owner   int  // threads of his that want a CPU
	Guests  int  // the same of guests
	Present int  // guests here
	Leaving bool // one is leaving just now

	Available uint64 // bytes of memory
	Spare     uint64 // that are to be kept available
}

// Leave says which guest is to go.
type Leave int

// Whom there is to choose from.
const (
	Nobody  Leave = iota
	Busiest       // who uses the most CPU time
	Largest       // who uses the most memory
)

// Actions are what is to be done until the next step.
type Actions struct {
	Accept bool
	CPUs   float64 // what guests may have; 0: all
	Leave  Leave
	Why    string // of Leave and of not accepting, in words
}

// State is what is remembered; the zero value is a node without guests.
type State struct {
	Phase  Phase
	wanted time.Duration // how long CPUs were, less the time in which they were not
	calm   time.Duration // since there has been room for a guest
	owner  float64       // his demand, smoothed over the last few steps
}

// smoothing is the weight of what is new: one look sees a thread run or not by chance.
const smoothing = 0.5

// least is what guests get at least: what is away has to answer its home.
const least = 0.05

// Step takes in what is seen after some time.
func (s State) Step(in Input, r Rules, passed time.Duration) (State, Actions) {
	s.owner += smoothing * (float64(in.Owner) - s.owner)
	wanted := r.First && in.Owner > 0 && in.Guests > 0 && in.Owner+in.Guests > in.CPUs
	if wanted {
		s.wanted, s.calm = min(s.wanted+passed, r.After), 0
	} else {
		s.wanted, s.calm = max(s.wanted-passed, 0), s.calm+passed
	}
	// The next guest would have to leave as the last one had.
	if in.Owner > 0 && in.Owner >= in.CPUs {
		s.calm = 0
	}
	switch {
	case !r.First:
		s = State{owner: s.owner}
	case s.wanted >= r.After && wanted:
		s.Phase = Evicting
	case s.wanted >= r.After/2 && wanted:
		s.Phase = max(s.Phase, Throttled)
	case s.Phase >= Throttled && s.calm >= r.Calm:
		s.Phase = Free
	case s.Phase == Evicting && !wanted:
		s.Phase = Throttled
	case s.Phase <= Contended && s.wanted > 0:
		s.Phase = Contended
	case s.Phase == Contended:
		s.Phase = Free
	}
	return s, s.act(in)
}

func (s State) act(in Input) Actions {
	a := Actions{Accept: s.Phase < Throttled}
	if !a.Accept {
		a.Why = fmt.Sprintf("its owner wants the CPUs just now (%s)", s.Phase)
	}
	// Who is leaving needs CPU time for that: no ceiling then.
	if s.Phase == Throttled && in.Guests > 0 && in.Owner > 0 {
		a.CPUs = max(float64(in.CPUs)-s.owner, least)
	}
	if in.Present == 0 || in.Leaving {
		return a
	}
	switch {
	case in.Available < in.Spare:
		a.Leave, a.Why = Largest, fmt.Sprintf("%d MiB of memory are available, %d MiB are to be kept", in.Available>>20, in.Spare>>20)
	case s.Phase == Evicting:
		a.Leave, a.Why = Busiest, fmt.Sprintf("the owner's %d threads and %d of guests want %d CPUs", in.Owner, in.Guests, in.CPUs)
	}
	return a
}

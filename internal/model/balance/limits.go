package balance

import (
	"math"

	"openmosix/internal/model/load"
)

// closing tells why a node takes no guest at all, or that it does.
func (w *world) closing(n *node) Rule {
	switch {
	case n == w.self:
		return ""
	case n.Age > w.rules.MaxAge:
		return NoInformation
	case !n.Accepting:
		return Blocked
	case n.Features != Compatible:
		return CPUFeatures
	case n.MaxGuests > 0 && n.Guests >= n.MaxGuests:
		return Full
	case n.LoadLimit > 0 && load.Of(n.demand, n.CPUs, n.Speed) >= n.LoadLimit:
		return LoadLimit
	case n.pressed():
		return NoMemory
	}
	return ""
}

// closedTo tells why a process cannot go to a node, or that it can. Home takes
// its own whatever it thinks of guests.
func (w *world) closedTo(p *proc, n *node) Rule {
	if n.Number != p.Home {
		switch {
		case n.closed != "":
			return n.closed
		case p.Allowed != nil && !p.Allowed(n.Number):
			return NotAllowed
		}
	} else if n != w.self && n.Age > w.rules.MaxAge {
		return NoInformation
	}
	if n.ownerNeeds(p.wants) > 0 && n.Number != p.Home {
		return OwnerBusy
	}
	room := n.room()
	if p.at != nil && p.at.overdrawn() {
		room += n.reserve // it is worse where it is
	}
	if w.needs(p, n) > room {
		return NoMemory
	}
	return ""
}

// needs is the room a process needs on a node: for what it has, and for what it
// will have grown by some time after it has got there.
func (w *world) needs(p *proc, n *node) float64 {
	if p.Growth <= 0 {
		return p.bytes
	}
	return p.bytes + p.Growth*(w.takes(p, n)+w.rules.Ahead.Seconds())
}

// refuse finds the processes that do not move by themselves, whatever is to be
// gained.
func (w *world) refuse() {
	for _, p := range w.procs {
		if rule := w.kept(p); rule != "" {
			p.found.Rule, p.done = rule, true
		}
	}
}

// kept tells why a process stays where it is in any case.
func (w *world) kept(p *proc) Rule {
	away := p.Where != w.v.Self
	switch {
	case p.Cannot != "":
		return Cannot
	case p.Locked:
		return Locked
	case p.at == nil, away && p.Home != w.v.Self:
		return ElseWhere
	case !away && w.v.Stay:
		return Stay
	case !away && w.v.LStay && p.Home == w.v.Self:
		return LStay
	}
	return ""
}

// rested is how many times as long as its last move may have taken a process
// stays where it is; restless how many times Cooldown at most, and decided where
// the other place is better by the factor plainly.
const (
	rested   = 10
	restless = 16
	decided  = 2
	plainly  = 1.5
)

// cooling tells whether a process has moved so short a time ago that it is left
// alone: longer for one that is large, and for each time it has moved, so that
// what is undecided comes to rest. What is plain is no matter of noise: one that was
// sent somewhere together with others does not wait for long there.
func (w *world) cooling(p *proc, here, there float64) bool {
	if p.Moves <= 0 {
		return false
	}
	most := float64(restless)
	if here > plainly*there {
		most = decided
	}
	pause := w.rules.Cooldown.Seconds() * min(math.Pow(2, float64(min(p.Moves-1, restless))), most)
	// Its last move was between home and here, or it came from a third node, which is taken to be no further.
	return p.LastMove.Seconds() < max(pause, rested*p.bytes/w.way(p.at, p.home).bandwidth())
}

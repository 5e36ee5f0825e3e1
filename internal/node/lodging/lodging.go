// Package lodging is where guests live on this node: in a control group with the
// limits of the configuration around all of them, and in one within it for each
// session. Where no group can be made, guests are made polite instead: they run
// when nobody else wants to, and their processes are counted by user.
//
// What the limits are and when guests are slowed down is the daemon's affair.
//
// A House's fields are guarded by its lock, under which only files of the kernel
// are written. Rooms belong to their house.
package lodging

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"openmosix/internal/linux/cgroup"
	"openmosix/internal/linux/procfs"

	"golang.org/x/sys/unix"
)

// Limits are what the administrator allows guests. Zero is no limit, except for Weight.
type Limits struct {
	Weight     int     // share of CPU time beside this node's own; cgroup.Idle: what is left over
	CPUs       float64 // as many CPUs' time for all
	Memory     uint64  // bytes for all
	EachMemory uint64  // bytes for each session
	EachPIDs   int     // processes and threads of each session
}

// House has all guests of a node.
type House struct {
	proc  procfs.FS
	log   *slog.Logger
	group *cgroup.Group // nil: there is none
	why   error         // there is none

	mu      sync.Mutex
	limits  Limits
	given   *cgroup.Limits // what the group has; nil: not known
	ceiling float64        // in CPUs, for the owner's sake; 0: none
	rooms   map[string]*Room
}

// Room has the guests of one session.
type Room struct {
	house *House
	name  string
	group *cgroup.Group // nil: there is none

	// Guarded by House.mu.
	closing bool
	given   *cgroup.Limits // what its group has; nil: not known
	hurried int            // how many reasons there are for hurry
	seen    cgroup.Usage
	tamed   map[int]int // without a group: the niceness processes were given
}

// removeTime is how long processes that have been killed may take to be gone.
const removeTime = 10 * time.Second

// Open makes the group of a name, or says once in the log why there is none.
func Open(name string, limits Limits, proc procfs.FS, log *slog.Logger) *House {
	h := &House{proc: proc, log: log, limits: limits, rooms: map[string]*Room{}}
	h.group, h.why = cgroup.Make(name)
	if h.why != nil {
		log.Warn("guests run without a control group: they are made nice instead, and their memory is not limited", "why", h.why)
		return h
	}
	if lacks := h.group.Lacks(); len(lacks) > 0 {
		log.Warn("the control group of guests does not limit all it should", "group", h.group, "lacks", lacks)
	}
	h.apply()
	return h
}

// Describe says in words what there is.
func (h *House) Describe() string {
	if h.group == nil {
		return "no control group: guests are nice, and limited in processes only"
	}
	text := "control group " + h.group.Place()
	if lacks := h.group.Lacks(); len(lacks) > 0 {
		var words []string
		for _, c := range lacks {
			words = append(words, string(c))
		}
		text += "; not limited: " + strings.Join(words, ", ")
	}
	if !h.group.Top() {
		text += "; its weight counts only within the group around it"
	}
	return text
}

// Configure replaces the limits, of those who are here too.
func (h *House) Configure(l Limits) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.limits != l {
		h.limits, h.given = l, nil
		for _, r := range h.rooms {
			r.given = nil // somebody else may have set them, too
		}
		h.apply()
	}
}

// Throttle gives all guests together so many CPUs' time at most; 0: what they
// may have anyway. Without a group it has no effect: they yield by themselves.
func (h *House) Throttle(cpus float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ceiling == cpus {
		return
	}
	h.ceiling = cpus
	h.apply()
}

// apply sets what has changed of all limits; it is called twice for each program that comes. A guest that
// arrives or leaves needs CPU time for it: then the house has an ordinary weight and no ceiling for the
// owner's sake, and the rooms of those who stay get what that one leaves.
// Precondition: h.mu is held.
func (h *House) apply() {
	if h.group == nil {
		return
	}
	hurried := false
	for _, r := range h.rooms {
		hurried = hurried || r.hurried > 0
	}
	all := cgroup.Limits{Weight: h.limits.Weight, CPUs: h.limits.CPUs, Memory: h.limits.Memory}
	if hurried {
		all.Weight = max(all.Weight, cgroup.Ordinary)
	} else if h.ceiling > 0 && (all.CPUs == 0 || h.ceiling < all.CPUs) {
		all.CPUs = h.ceiling
	}
	h.give(h.group, &h.given, all)
	for _, r := range h.rooms {
		if r.closing {
			continue
		}
		each := cgroup.Limits{Weight: cgroup.Ordinary, Memory: h.limits.EachMemory, PIDs: h.limits.EachPIDs}
		if hurried && r.hurried == 0 {
			each.Weight = cgroup.Idle
		}
		h.give(r.group, &r.given, each)
	}
}

// give gives a group limits. was is what it has, and is kept.
func (h *House) give(g *cgroup.Group, was **cgroup.Limits, l cgroup.Limits) {
	if *was != nil && **was == l {
		return
	}
	err := g.Set(*was, l)
	if *was = &l; err != nil {
		*was = nil
		h.log.Warn("limits of guests are not set", "group", g, "error", err)
	}
}

// Room makes the room of a session, or finds it.
func (h *House) Room(session string) (*Room, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &Room{house: h, name: session, tamed: map[int]int{}}
	if h.group != nil {
		var err error
		if r.group, err = h.group.Child(session); err != nil {
			return nil, fmt.Errorf("make room for a guest: %w", err)
		}
		if u, err := r.group.Usage(); err == nil {
			r.seen = u
		}
	}
	h.rooms[session] = r
	h.apply()
	return r, nil
}

// Sweep removes the rooms of sessions that ended while nobody looked.
func (h *House) Sweep() {
	if h.group == nil {
		return
	}
	for _, name := range h.group.Children() {
		h.mu.Lock()
		_, taken := h.rooms[name]
		h.mu.Unlock()
		if taken {
			continue
		}
		g, err := h.group.Child(name)
		if err == nil {
			err = g.Remove(0)
		}
		if errors.Is(err, unix.EBUSY) { // whoever is in it may be ending
			go func() { h.stays(name, g.Remove(removeTime)) }()
			continue
		}
		h.stays(name, err)
	}
}

func (h *House) stays(name string, err error) {
	if err != nil {
		h.log.Warn("a group of guests that nobody looks after stays", "group", name, "error", err)
	}
}

// closeTime is how long Close waits for the last to be gone.
const closeTime = 3 * time.Second

// Close removes the house unless guests stay behind: a group in use stays.
func (h *House) Close() {
	if h.group == nil {
		return
	}
	if err := h.group.Remove(closeTime); err != nil {
		h.log.Info("the control group of guests stays, with whoever is in it", "error", err)
	}
}

package daemon

import (
	"errors"
	"slices"
	"sync"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/owner"
)

// errNoSlot is told when every user id for guests is taken.
var errNoSlot = errors.New("it already runs as many guests as it may (guests.max)")

// errNoShare is told when those that are left are for other nodes.
var errNoShare = errors.New("it already runs as many guests of that node as it may while other nodes may want some (guests.max)")

// slots hands out the user ids of guest supervisors: base + slot, each to one
// supervisor at a time, so that no guest can reach another. A freed id is used
// again as late as possible: what the old guest left behind must be gone first.
type slots struct {
	base uint32
	proc procfs.FS

	mu    sync.Mutex
	free  []uint32       // oldest first
	taken map[uint32]int // for which home
}

func newSlots(base uint32, count int, proc procfs.FS) *slots {
	s := &slots{base: base, proc: proc, taken: make(map[uint32]int)}
	for i := range count {
		s.free = append(s.free, base+uint32(i))
	}
	return s
}

// take gives an id no process of this machine uses. Guests of an earlier
// daemon that live on still have theirs. several: there are other homes that may want one.
func (s *slots) take(home int, several bool) (uint32, error) {
	used := s.inUse()
	s.mu.Lock()
	defer s.mu.Unlock()
	if several && len(s.free) > 0 && !owner.MayTake(s.of(home), len(s.free)) {
		return 0, errNoShare
	}
	for i, uid := range s.free {
		if used[uid] {
			continue
		}
		s.free = append(s.free[:i:i], s.free[i+1:]...)
		s.taken[uid] = home
		return uid, nil
	}
	return 0, errNoSlot
}

// keep marks an id as taken that a guest of an earlier daemon has.
func (s *slots) keep(uid uint32, home int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.free, uid); i >= 0 {
		s.free = slices.Delete(s.free, i, i+1)
		s.taken[uid] = home
	}
}

func (s *slots) put(uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, is := s.taken[uid]; is {
		delete(s.taken, uid)
		s.free = append(s.free, uid)
	}
}

// of counts what a home has. Precondition: mu is held.
func (s *slots) of(home int) int {
	n := 0
	for _, whose := range s.taken {
		if whose == home {
			n++
		}
	}
	return n
}

// inUse finds the ids that processes have now.
func (s *slots) inUse() map[uint32]bool {
	used := make(map[uint32]bool)
	pids, err := s.proc.Pids()
	if err != nil {
		return used
	}
	for _, pid := range pids {
		status, err := s.proc.Status(pid)
		if err != nil {
			continue // it has ended
		}
		for _, uid := range status.Uid {
			if uint32(uid) >= s.base {
				used[uint32(uid)] = true
			}
		}
	}
	return used
}

// owns tells whether a uid is one of the guests'.
func (s *slots) owns(uid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := len(s.free) + len(s.taken)
	return uid >= int(s.base) && uid < int(s.base)+count
}

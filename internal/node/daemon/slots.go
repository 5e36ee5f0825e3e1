package daemon

import (
	"errors"
	"slices"
	"sync"

	"openmosix/internal/linux/procfs"
)

// errNoSlot is told when every user id for guests is taken.
var errNoSlot = errors.New("it already runs as many guests as it may (guests.max)")

// slots hands out the user ids of guest supervisors: base + slot, each to one
// supervisor at a time, so that no guest can reach another. A freed id is used
// again as late as possible: what the old guest left behind must be gone first.
type slots struct {
	base uint32
	proc procfs.FS

	mu    sync.Mutex
	free  []uint32 // oldest first
	taken map[uint32]bool
}

func newSlots(base uint32, count int, proc procfs.FS) *slots {
	s := &slots{base: base, proc: proc, taken: make(map[uint32]bool)}
	for i := range count {
		s.free = append(s.free, base+uint32(i))
	}
	return s
}

// take gives an id no process of this machine uses. Guests of an earlier
// daemon that live on still have theirs.
func (s *slots) take() (uint32, error) {
	used := s.inUse()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, uid := range s.free {
		if used[uid] {
			continue
		}
		s.free = append(s.free[:i:i], s.free[i+1:]...)
		s.taken[uid] = true
		return uid, nil
	}
	return 0, errNoSlot
}

// keep marks an id as taken that a guest of an earlier daemon has.
func (s *slots) keep(uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.free, uid); i >= 0 {
		s.free = slices.Delete(s.free, i, i+1)
		s.taken[uid] = true
	}
}

func (s *slots) put(uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[uid] {
		delete(s.taken, uid)
		s.free = append(s.free, uid)
	}
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

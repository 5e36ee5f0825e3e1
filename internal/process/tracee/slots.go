package tracee

import (
	"sync"

	"openmosix/internal/process/stub"
)

// Slots hands out the slots of one region. A process has the region mapped at
// one place with those it was forked from or that were forked from it; other
// processes of the family may have other regions. All methods work on nil,
// which has no slots.
type Slots struct {
	region *stub.Region

	mu   sync.Mutex
	free []int
	used map[int]*stub.Slot
}

func newSlots(r *stub.Region) *Slots {
	s := &Slots{region: r, free: make([]int, 0, stub.MaxSlots), used: map[int]*stub.Slot{}}
	for i := stub.MaxSlots - 1; i >= 0; i-- {
		s.free = append(s.free, i)
	}
	return s
}

// New takes a slot; nil when all are in use.
func (s *Slots) New() *stub.Slot {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) == 0 {
		return nil
	}
	i := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	s.used[i] = s.region.Slot(i)
	return s.used[i]
}

// Free gives a slot back, once: whoever comes second finds it another's. Its
// thread must be gone or out of the stub.
func (s *Slots) Free(one *stub.Slot) {
	if s == nil || one == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used[one.Index] == one {
		delete(s.used, one.Index)
		s.free = append(s.free, one.Index)
	}
}

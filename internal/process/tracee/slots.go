package tracee

import (
	"fmt"
	"slices"
	"sync"

	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// Slots hands out the slots of one region. A process has the region mapped at
// one place with those it was forked from or that were forked from it; other
// processes of the family may have other regions. All methods work on nil,
// which has no slots.
type Slots struct {
	region *stub.Region

	mu   sync.Mutex
	free []uint16 // indexes
	used map[int]*stub.Slot
}

func newSlots(r *stub.Region) *Slots {
	s := &Slots{region: r, free: make([]uint16, 0, stub.MaxSlots), used: map[int]*stub.Slot{}}
	for i := stub.MaxSlots - 1; i >= 0; i-- {
		s.free = append(s.free, uint16(i))
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
	i := int(s.free[len(s.free)-1])
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
		s.free = append(s.free, uint16(one.Index))
	}
}

// OwnSlots gives a process that has just been forked, and whose only thread waits in
// the stub, slots of its own, in place of those it has in common with the process it was
// forked from: who makes calls for one of the two must not reach the other's.
func (t *Thread) OwnSlots() error {
	p, shared, old := t.Proc, t.Proc.Slots, t.Slot
	fd, err := t.Must("make shared memory", unix.SYS_MEMFD_CREATE, t.Put(0, []byte("openmosix\x00")), stub.MemoryFlags)
	if err != nil {
		return err
	}
	defer func() { _, _ = t.Call(unix.SYS_CLOSE, uint64(fd)) }()
	ours, err := Borrow(p.PID, int(fd))
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(ours) }()
	region, err := stub.NewRegion(p.Base, ours)
	if err != nil {
		return err
	}
	next := region.Successor(old)
	// The call is posted in the old memory, and its result comes in the new.
	old.Post(unix.SYS_MMAP, [6]uint64{stub.SlotsAt(p.Base), stub.RegionSlots, unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_FIXED | unix.MAP_NORESERVE, uint64(fd), 0})
	ret, ok := t.result(next)
	if !ok || uint64(ret) != stub.SlotsAt(p.Base) {
		return fmt.Errorf("process %d does not map slots of its own: %d (%s)", p.PID, ret, t.whereabouts())
	}
	own := newSlots(region)
	own.take(next)
	p.Family.Loop.Do(func() { t.Slot, p.Slots = next, own })
	shared.Free(old)
	return nil
}

// take marks a slot as used. Precondition: nobody has the slots yet.
func (s *Slots) take(one *stub.Slot) {
	s.free = slices.DeleteFunc(s.free, func(i uint16) bool { return int(i) == one.Index })
	s.used[one.Index] = one
}

// FreshSlots puts new memory where the slots of a region at base are, by calls in a
// parked thread whose own slot is elsewhere: a process that it makes from now on has slots
// that no process made before can reach.
func (t *Thread) FreshSlots(base uint64) (*Slots, error) {
	fd, err := t.Must("make shared memory", unix.SYS_MEMFD_CREATE, t.Put(0, []byte("openmosix\x00")), stub.MemoryFlags)
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = t.Call(unix.SYS_CLOSE, uint64(fd)) }()
	ours, err := Borrow(t.Proc.PID, int(fd))
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(ours) }()
	region, err := stub.NewRegion(base, ours)
	if err != nil {
		return nil, err
	}
	if _, err := t.Must("map shared memory", unix.SYS_MMAP, stub.SlotsAt(base), stub.RegionSlots, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_SHARED|unix.MAP_FIXED|unix.MAP_NORESERVE, uint64(fd), 0); err != nil {
		region.Close()
		return nil, err
	}
	return newSlots(region), nil
}

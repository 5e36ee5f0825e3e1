package stub

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Region is the supervisor's side of the slots it shares with a process and
// the processes forked from it. One goroutine at a time uses a slot.
type Region struct {
	Base uint64 // where the region is in the process
	mem  []byte
}

// NewRegion sizes and maps the memory behind fd, the slots of a region at base.
func NewRegion(base uint64, fd int) (*Region, error) {
	if err := fix(fd, RegionSlots); err != nil {
		return nil, err
	}
	m, err := unix.Mmap(fd, 0, RegionSlots, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("map the slots: %w", err)
	}
	r := &Region{Base: base, mem: m}
	runtime.SetFinalizer(r, (*Region).Close)
	return r, nil
}

// NewPrivateRegion sizes and maps the memory behind fd, one slot that no other process
// may have. Its only slot is Slot(0).
func NewPrivateRegion(base uint64, fd int) (*Region, error) {
	if err := fix(fd, SlotSize); err != nil {
		return nil, err
	}
	m, err := unix.Mmap(fd, 0, SlotSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the private slot: %w", err)
	}
	return &Region{Base: base + privateOff - slotsOff, mem: m}, nil
}

// Close unmaps the supervisor's side.
func (r *Region) Close() {
	if r.mem != nil {
		_ = unix.Munmap(r.mem)
		r.mem = nil
	}
}

// CodeAddress is where the stub's code is in the process.
func (r *Region) CodeAddress() uint64 { return r.Base }

// Slot returns slot i afresh: sequence zero, as a new thread expects it.
func (r *Region) Slot(i int) *Slot {
	s := &Slot{Index: i, region: r, Addr: r.Base + slotsOff + uint64(i)*SlotSize, mem: r.mem[i*SlotSize : (i+1)*SlotSize]}
	atomic.StoreUint32(s.word(callOff), 0)
	atomic.StoreUint32(s.word(doneOff), 0)
	return s
}

// Successor is the slot of another process's in this region that goes on where one of
// that index is as soon as the call posted there next has been picked up: the
// result of that call comes here, if it maps this region over the other.
func (r *Region) Successor(of *Slot) *Slot {
	s := r.Slot(of.Index)
	s.seq = of.seq + 2
	atomic.StoreUint32(s.word(callOff), s.seq)
	return s
}

// Offsets in a slot; stub_amd64.s has the same.
const (
	callOff = 0x00
	doneOff = 0x40
	nrOff   = 0x80
	retOff  = 0xb8
)

// Slot is one thread's place to be given calls.
type Slot struct {
	Index int
	Addr  uint64 // in the process
	mem   []byte
	// region keeps the memory mapped as long as one of its slots is known.
	region *Region
	seq    uint32
	dead   atomic.Bool
}

func (s *Slot) word(off int) *uint32 { return (*uint32)(unsafe.Pointer(&s.mem[off])) }
func (s *Slot) quad(off int) *uint64 { return (*uint64)(unsafe.Pointer(&s.mem[off])) }

// Window is the slot's argument memory, shared with the process.
func (s *Slot) Window() []byte { return s.mem[windowOff:] }

// WindowAddr is where the process sees Window.
func (s *Slot) WindowAddr() uint64 { return s.Addr + windowOff }

// Sequence is what r12 must hold when a thread enters the stub with this slot.
func (s *Slot) Sequence() uint64 { return uint64(s.seq) }

// Outstanding tells whether a call was posted and its result was not.
func (s *Slot) Outstanding() bool {
	return atomic.LoadUint32(s.word(callOff))&^1 != atomic.LoadUint32(s.word(doneOff))&^1
}

// Picked tells from a thread's r12 whether it has seen the call posted last.
func (s *Slot) Picked(r12 uint64) bool { return r12 == s.CallSequence() }

// CallSequence is the posted call's sequence, for repairing a thread's r12.
func (s *Slot) CallSequence() uint64 { return uint64(atomic.LoadUint32(s.word(callOff)) &^ 1) }

// Kill makes every present and later Await of the slot return at once: its thread is gone.
func (s *Slot) Kill() {
	s.dead.Store(true)
	atomic.StoreUint32(s.word(doneOff), noSequence) // a waiter about to sleep finds another value
	futexWake(s.word(doneOff))
}

// noSequence is a value the words never have otherwise soon.
const noSequence = 0xfffffffe

// Dead tells whether Kill was called.
func (s *Slot) Dead() bool { return s.dead.Load() }

// Post hands a call to the thread.
func (s *Slot) Post(nr int, args [6]uint64) {
	*s.quad(nrOff) = uint64(nr)
	for i, a := range args {
		*s.quad(nrOff + 8 + 8*i) = a
	}
	s.seq += 2
	if atomic.SwapUint32(s.word(callOff), s.seq)&1 != 0 {
		futexWake(s.word(callOff))
	}
}

// Posted is the call posted last, as it stands in memory that the process shares; false: it has been made.
func (s *Slot) Posted() (nr int, args [6]uint64, ok bool) {
	if !s.Outstanding() || s.dead.Load() {
		return 0, args, false
	}
	for i := range args {
		args[i] = atomic.LoadUint64(s.quad(nrOff + 8 + 8*i))
	}
	return int(int32(atomic.LoadUint64(s.quad(nrOff)))), args, true
}

// Await waits for the result of the call posted last. False: the thread is gone
// or the time is over; after a time-out the call is still outstanding and
// Await may be called again.
func (s *Slot) Await(limit time.Duration) (int64, bool) {
	w := s.word(doneOff)
	deadline := time.Now().Add(limit)
	for {
		v := atomic.LoadUint32(w)
		if s.dead.Load() { // first: another thread may have the slot's memory by now
			return 0, false
		}
		if v&^1 == s.seq {
			return int64(*s.quad(retOff)), true
		}
		left := time.Until(deadline)
		if left <= 0 {
			return 0, false
		}
		if v&1 == 0 && !atomic.CompareAndSwapUint32(w, v, v|1) {
			continue
		}
		futexWait(w, v|1, left)
	}
}

const (
	futexOpWait = 0
	futexOpWake = 1
)

func futexWait(w *uint32, v uint32, limit time.Duration) {
	ts := unix.NsecToTimespec(int64(limit))
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexOpWait, uintptr(v), uintptr(unsafe.Pointer(&ts)), 0, 0)
}

func futexWake(w *uint32) {
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexOpWake, 1, 0, 0, 0)
}

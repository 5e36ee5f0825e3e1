package daemon

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"openmosix/internal/model/supervisor"

	"golang.org/x/sys/unix"
)

const (
	// holdShare of the memory that could be lent is what may be held, as a divisor.
	holdShare = 8
	// holdTime is how long something is held, and fillTime how long one who was given
	// room for it may take.
	holdTime = 10 * time.Minute
	fillTime = time.Minute
	// maxHoldings bounds the descriptors.
	maxHoldings = 64
	// maxToken bounds what a guest supervisor says.
	maxToken = 32
)

// holdings are the memory that processes have left behind here. They are for the
// next trip of the same process: only the home it came from, by a name that only
// it knows, gets them back, and once. They are memory of guests (memfd), which
// their supervisors write and read; this daemon keeps the descriptors, and memory
// is free when it closes them.
type holdings struct {
	mu  sync.Mutex
	all []*holding // oldest first
	sum uint64     // bytes
}

type holding struct {
	home  int
	token []byte
	bytes uint64
	file  *os.File
	full  bool // it may be given
	since time.Time
}

// held is how many bytes there are or will be; full, how many there are.
func (h *holdings) held() (sum, full uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.all {
		if o.full {
			full += o.bytes
		}
	}
	return h.sum, full
}

// most is how much may be held when so much of the memory could be lent besides.
// With none free nothing is held. h.mu is held.
func (h *holdings) most(free uint64) uint64 {
	if free == 0 {
		return 0
	}
	return (free + h.sum) / holdShare
}

// room makes a file for what a process of a home leaves behind, if there is memory
// for it. What was held for the process before goes, and of others the oldest. The
// caller closes the file.
func (h *holdings) room(home int, want *supervisor.Hold, free uint64, now time.Time) (*os.File, error) {
	f, err := h.reserve(home, want, free, now)
	if err != nil {
		return nil, fmt.Errorf("memory cannot be held: %w", err)
	}
	// It counts as this daemon's: in the group of the guests, who have a limit, it
	// would stand beside the memory that it is a copy of. This takes a while.
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(want.Bytes)); err != nil {
		_ = f.Close()
		h.mu.Lock()
		defer h.mu.Unlock()
		if i := h.find(home, want.Token); i >= 0 {
			h.drop(i)
		}
		return nil, fmt.Errorf("memory cannot be held: %w", err)
	}
	return f, nil
}

// reserve is room without the memory.
func (h *holdings) reserve(home int, want *supervisor.Hold, free uint64, now time.Time) (*os.File, error) {
	if len(want.Token) == 0 || len(want.Token) > maxToken {
		return nil, fmt.Errorf("a name of %d bytes is none", len(want.Token))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := h.find(home, want.Token); i >= 0 {
		h.drop(i)
	}
	most := h.most(free)
	if want.Bytes == 0 || want.Bytes > most {
		return nil, fmt.Errorf("it is %d MiB, %d MiB can be", want.Bytes>>20, most>>20)
	}
	h.shrink(most - want.Bytes)
	if len(h.all) >= maxHoldings {
		h.drop(0)
	}
	fd, err := unix.MemfdCreate("openmosix-held", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "openmosix-held")
	given := -1
	if err = f.Truncate(int64(want.Bytes)); err == nil {
		// It never takes more than it is counted for.
		if _, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK); err == nil {
			given, err = unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	h.all = append(h.all, &holding{home: home, token: bytes.Clone(want.Token), bytes: want.Bytes, file: f, since: now})
	h.sum += want.Bytes
	return os.NewFile(uintptr(given), f.Name()), nil
}

// filled: what was to be held is there.
func (h *holdings) filled(home int, what *supervisor.Hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := h.find(home, what.Token); i >= 0 {
		h.all[i].full = true
	}
}

// claim gives what is held of a process back; nil: nothing is. The caller closes it.
func (h *holdings) claim(home int, what *supervisor.Hold) *os.File {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.find(home, what.Token)
	if i < 0 || !h.all[i].full {
		return nil
	}
	f := h.all[i].file
	h.all[i].file = nil
	h.drop(i)
	return f
}

// fit drops the oldest until no more is held than may be, and what is too old.
func (h *holdings) fit(free uint64, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.all) - 1; i >= 0; i-- {
		limit := fillTime
		if h.all[i].full {
			limit = holdTime
		}
		if now.Sub(h.all[i].since) > limit {
			h.drop(i)
		}
	}
	h.shrink(h.most(free))
}

// yield drops as much as is asked for; nothing if there is less, which would help nobody.
func (h *holdings) yield(bytes uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if bytes <= h.sum {
		h.shrink(h.sum - bytes)
	}
}

// find is the place of what is held of a process, -1: nothing is. h.mu is held.
func (h *holdings) find(home int, token []byte) int {
	for i, o := range h.all {
		if o.home == home && bytes.Equal(o.token, token) {
			return i
		}
	}
	return -1
}

// shrink drops the oldest until so much is left. h.mu is held.
func (h *holdings) shrink(most uint64) {
	for h.sum > most {
		h.drop(0)
	}
}

// drop forgets one. h.mu is held.
func (h *holdings) drop(i int) {
	o := h.all[i]
	h.all = append(h.all[:i:i], h.all[i+1:]...)
	h.sum -= o.bytes
	if o.file != nil {
		_ = o.file.Close()
	}
}

// heard acts on what a guest supervisor says of memory that is held. free is asked
// for how much could be lent. False: it is about something else.
func (h *holdings) heard(g *guest, e supervisor.Event, free func() (uint64, error)) bool {
	if e.Hold == nil {
		return false
	}
	var f *os.File
	switch e.Kind {
	case supervisor.Room:
		left, err := free()
		if err == nil {
			f, err = h.room(g.home, e.Hold, left, time.Now())
		}
		if err != nil {
			g.child.log.Debug("what a process leaves behind is not kept", "why", err)
		}
	case supervisor.Filled:
		h.filled(g.home, e.Hold)
		return true
	case supervisor.Claim:
		f = h.claim(g.home, e.Hold)
	default:
		return false
	}
	var files []*os.File
	if f != nil {
		defer f.Close()
		files = append(files, f)
	}
	if err := g.child.tell(supervisor.FromDaemon{Found: e.ID}, files...); err != nil {
		g.child.log.Debug("memory that is held is not delivered", "error", err)
	}
	return true
}

// keepWithin has less held when memory is wanted here, and nothing when its owner wants
// this node, or nobody may come any more.
func (d *Daemon) keepWithin(now time.Time) {
	h := &d.guests.holdings
	if sum, _ := h.held(); sum == 0 {
		return
	}
	free, err := d.memoryForGuests()
	if err != nil || d.owner.refuses() != "" || d.settings.Now().Block {
		free = 0
	}
	h.fit(free, now)
}

package measure

import (
	"fmt"
	"math"
	"sync"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/load"
)

// Share measures how many CPUs the processes of some user ids use. What a
// process uses between the last look and its end is not seen.
type Share struct {
	proc procfs.FS

	mu    sync.Mutex
	ticks map[who]uint64
	last  time.Time
	used  float64
}

// NewShare makes one that has seen nothing.
func NewShare(proc procfs.FS) *Share { return &Share{proc: proc} }

// Now is the number of CPUs in use, smoothed as load is.
func (s *Share) Now() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// Forget what was seen: it says nothing of now when nobody has looked since.
func (s *Share) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ticks, s.last, s.used = nil, time.Time{}, 0
}

// Look counts. owns chooses by the real user id.
func (s *Share) Look(owns func(uid int) bool) error {
	pids, err := s.proc.Pids()
	if err != nil {
		return fmt.Errorf("count processes: %w", err)
	}
	seen := make(map[who]uint64)
	for _, pid := range pids {
		status, err := s.proc.Status(pid)
		if err != nil || !owns(status.Uid[0]) {
			continue // it has ended, or is none of them
		}
		if stat, err := s.proc.Stat(pid); err == nil {
			seen[who{pid, stat.StartTime}] = stat.UTime + stat.STime
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(seen, time.Now())
	return nil
}

// take precondition: mu is held.
func (s *Share) take(seen map[who]uint64, now time.Time) {
	passed := now.Sub(s.last)
	first := s.last.IsZero()
	if !first && passed <= 0 {
		return
	}
	var used uint64
	for id, ticks := range seen {
		used += ticks - min(ticks, s.ticks[id])
	}
	s.ticks, s.last = seen, now
	if first {
		return // since when they used it is not known
	}
	old := load.Unseen(passed)
	s.used = s.used*old + float64(used)/clockTicks/math.Max(passed.Seconds(), 1e-3)*(1-old)
}

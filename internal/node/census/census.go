// Package census goes through the processes of this machine for all in the
// daemon who want to know of them: /proc is walked once, not once for each.
//
// It remembers who is a thread of the kernel, and does not read of those again.
// What it gives is shared and not to be changed. The lock is held during a walk,
// so that who comes meanwhile gets its outcome.
package census

import (
	"fmt"
	"sync"
	"time"

	"openmosix/internal/linux/procfs"
)

// forget is after how many walks it is looked again who is a kernel thread: a
// number may have been given to a program meanwhile.
const forget = 60

// buffer holds a stat file: 52 numbers and a name.
const buffer = 2048

// Census of one mount of proc.
type Census struct {
	proc procfs.FS

	mu     sync.Mutex
	at     time.Time
	stats  []*procfs.Stat
	kernel map[int]bool
	walks  int
	buf    []byte
}

// New has not walked yet.
func New(proc procfs.FS) *Census {
	return &Census{proc: proc, kernel: map[int]bool{}, buf: make([]byte, buffer)}
}

// Look gives all processes but the kernel's, ascending, as they were at a time
// that is not longer ago than atMost.
func (c *Census) Look(atMost time.Duration) ([]*procfs.Stat, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.stats != nil && now.Sub(c.at) <= atMost {
		return c.stats, c.at, nil
	}
	pids, err := c.proc.Pids()
	if err != nil {
		return nil, now, fmt.Errorf("list processes: %w", err)
	}
	if c.walks++; c.walks%forget == 0 {
		clear(c.kernel)
	}
	stats := make([]*procfs.Stat, 0, len(pids))
	for _, pid := range pids {
		if c.kernel[pid] {
			continue
		}
		stat, err := c.proc.StatIn(c.buf, pid)
		switch {
		case err != nil: // it has ended
		case stat.Flags&procfs.FlagKthread != 0:
			c.kernel[pid] = true
		default:
			stats = append(stats, stat)
		}
	}
	c.stats, c.at = stats, now
	return stats, now, nil
}

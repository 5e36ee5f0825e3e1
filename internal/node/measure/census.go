package measure

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/runqueue"
	"openmosix/internal/model/load"
)

// idleLooks is how many counts in a row may be left out because nothing runs:
// what ran in between is only counted afterwards.
const idleLooks = 4

// clockTicks is USER_HZ: fixed at 100 for programs on every x86-64 kernel.
const clockTicks = 100

// census counts the processes of this pid namespace one by one. A node that is
// a container, or one of a lab, can move only these; the kernel's own figures
// tell of the whole machine. To count costs time with each process; while the
// whole machine runs nothing else, nothing here does. Used by one goroutine.
type census struct {
	proc    procfs.FS
	serves  func() map[int]bool // supervisors, whose waiting does not count
	alone   func() bool         // nothing but the reader runs on the machine
	left    int                 // counts left out so far
	started time.Time
	ticks   map[who]uint64 // CPU time of those seen last
	busy    uint64
}

type who struct {
	pid   int
	start uint64
}

func newCensus(proc procfs.FS, serves func() map[int]bool) *census {
	return &census{proc: proc, serves: serves, alone: alone, started: time.Now(), ticks: map[who]uint64{}}
}

func alone() bool {
	n, err := runqueue.Running()
	return err == nil && n <= 1
}

// count goes through all processes. What one uses between the last count and
// its end is not seen.
func (c *census) count() (load.Counts, error) {
	if c.left < idleLooks && len(c.ticks) > 0 && c.alone() {
		c.left++
		return c.counts(0), nil
	}
	c.left = 0
	pids, err := c.proc.Pids()
	if err != nil {
		return load.Counts{}, fmt.Errorf("count processes: %w", err)
	}
	running, serves := 0, c.serves()
	seen := make(map[who]uint64, len(pids))
	for _, pid := range pids {
		stat, err := c.proc.Stat(pid)
		if err != nil || pid == os.Getpid() {
			continue // it has ended; or it is this one, which runs because it counts
		}
		id, used := who{pid, stat.StartTime}, stat.UTime+stat.STime
		// One that is new has used its time since the last count, but for those there at the beginning.
		if before, known := c.ticks[id]; known || len(c.ticks) > 0 {
			c.busy += used - min(used, before)
		}
		seen[id] = used
		if !serves[pid] {
			running += c.running(pid, stat)
		}
	}
	c.ticks = seen
	return c.counts(running), nil
}

func (c *census) counts(running int) load.Counts {
	passed := time.Since(c.started).Seconds() * clockTicks * float64(runtime.NumCPU())
	return load.Counts{Running: running, Busy: c.busy, Passed: uint64(passed), Shared: true}
}

func (c *census) running(pid int, stat *procfs.Stat) int {
	if stat.NumThreads <= 1 {
		return runs(stat)
	}
	tids, err := c.proc.Threads(pid)
	if err != nil {
		return 0
	}
	n := 0
	for _, tid := range tids {
		if stat, err := c.proc.ThreadStat(pid, tid); err == nil {
			n += runs(stat)
		}
	}
	return n
}

func runs(stat *procfs.Stat) int {
	if stat.State == 'R' {
		return 1
	}
	return 0
}

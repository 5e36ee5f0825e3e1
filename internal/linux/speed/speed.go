// Package speed measures how fast a processor of this machine is, by a short
// loop of dependent integer operations and loads from the first-level cache.
// It says nothing of memory, vectors or of several processors at once.
package speed

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	tries = 8
	// rounds of one try: a few milliseconds on today's processors.
	rounds = 1 << 20
)

// Measure gives rounds of the loop per second of CPU time. The clock is that of
// the thread, so work of others costs little; the best of some tries is taken,
// because everything that disturbs makes slower.
func Measure() (float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var table [512]uint64
	for i := range table {
		table[i] = uint64(i) * 0x9e3779b97f4a7c15
	}
	var best time.Duration
	sum := uint64(1)
	for range tries {
		before, err := threadTime()
		if err != nil {
			return 0, err
		}
		sum = loop(&table, sum)
		after, err := threadTime()
		if err != nil {
			return 0, err
		}
		if took := after - before; best == 0 || took < best {
			best = took
		}
	}
	if best <= 0 || sum == 0 {
		return 0, fmt.Errorf("measure speed: the clock of the thread does not advance")
	}
	return rounds / best.Seconds(), nil
}

//go:noinline
func loop(table *[512]uint64, x uint64) uint64 {
	for range rounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		x += table[x&511] | 1
	}
	return x | 1
}

func threadTime() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("read clock of thread: %w", err)
	}
	return time.Duration(t.Nano()), nil
}

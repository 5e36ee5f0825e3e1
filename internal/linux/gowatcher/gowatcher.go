// Package gowatcher lets the watcher of Go's runtime (sysmon) sleep longer.
//
// While anything happens it wakes up every 20 microseconds, to take processors
// (Ps) from goroutines that wait in the kernel: in a process that does a little
// ten times a second these are most of its wakings. It sleeps by nanosleep, and
// a thread's sleeps may take longer by its timer slack (proc(5), timerslack_ns).
// What it then does later: a goroutine that waits in the kernel keeps its P for
// that long, and one that computes is preempted after 10 ms and that.
package gowatcher

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

// Thread is the watcher's id: runtime.main starts it before anything else.
func Thread() (int, error) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return 0, fmt.Errorf("find the runtime's watcher: %w", err)
	}
	var tids []int
	for _, t := range threads {
		if tid, err := strconv.Atoi(t.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	if len(tids) < 2 {
		return 0, errors.New("find the runtime's watcher: there is one thread only")
	}
	slices.Sort(tids)
	return tids[1], nil
}

// Calm lets each of its sleeps take this much longer.
func Calm(longer time.Duration) error {
	thread, err := Thread()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("/proc/%d/timerslack_ns", thread)
	if err := os.WriteFile(name, fmt.Append(nil, longer.Nanoseconds()), 0); err != nil {
		return fmt.Errorf("let the runtime's watcher sleep: %w", err)
	}
	return nil
}

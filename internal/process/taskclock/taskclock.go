// Package taskclock reads the clock by which a CPU accounts for tasks. It stands still while the CPU serves
// interrupts, or is not there (steal time), so each CPU has its own, and all are slower than other clocks.
package taskclock

import (
	"fmt"
	"runtime"
	"time"

	"openmosix/internal/linux/procfs"

	"golang.org/x/sys/unix"
)

// Reading is what a CPU's clock has shown, and a time at which it has not shown less.
type Reading struct {
	Shows time.Duration
	At    time.Time
}

// Read reads the clock of a CPU, from a thread that goes there for that: it has just begun a turn.
func Read(cpu int) (Reading, error) {
	var was, there unix.CPUSet
	if err := unix.SchedGetaffinity(0, &was); err != nil {
		return Reading{}, fmt.Errorf("CPUs of a thread: %w", err)
	}
	there.Set(cpu)
	runtime.LockOSThread()
	if err := unix.SchedSetaffinity(0, &there); err != nil {
		runtime.UnlockOSThread()
		return Reading{}, fmt.Errorf("go to CPU %d: %w", cpu, err)
	}
	s, err := procfs.FS("/proc").Sched(unix.Getpid(), unix.Gettid())
	r := Reading{s.Began, time.Now()}
	if e := unix.SchedSetaffinity(0, &was); e == nil { // else the thread ends with its goroutine
		runtime.UnlockOSThread()
	}
	return r, err
}

// least is how much slower than others a CPU's clock may be without standing still: no time that was is told to be
// longer for that it goes faster.
const least = 1024

// Since is no earlier than the moment at which a CPU's clock has shown something.
func (r Reading) Since(shown time.Duration) time.Time {
	ago := r.Shows - shown
	if ago < 0 { // later
		return time.Now()
	}
	return r.At.Add(-(ago - ago/least))
}

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

	"golang.org/x/sys/unix"
)

// Supervisor is how much longer the watcher of a supervisor sleeps.
const Supervisor = time.Millisecond

// Thread is the watcher's id: runtime.main starts it before anything else.
func Thread() (int, error) { return threadOf("self") }

// threadOf is Thread of a process. Precondition: its program has begun.
func threadOf(process string) (int, error) {
	threads, err := os.ReadDir("/proc/" + process + "/task")
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

// Calm lets each of its sleeps take this much longer. It is another thread than the caller's,
// so this takes CAP_SYS_NICE (proc(5)): who has it not is to be helped by CalmOf.
func Calm(longer time.Duration) error { return calm("self", longer) }

// CalmOf is Calm for the watcher of another process of Go's. Precondition: its program has begun.
func CalmOf(pid int, longer time.Duration) error { return calm(strconv.Itoa(pid), longer) }

func calm(process string, longer time.Duration) error {
	thread, err := threadOf(process)
	if err != nil {
		return err
	}
	if err := setSlack(thread, longer); err != nil {
		return fmt.Errorf("let the runtime's watcher sleep: %w", err)
	}
	return nil
}

// usual is the timer slack of a thread of which nobody has asked another one.
const usual = 50 * time.Microsecond

// Usual has a thread that the watcher has made, and that sleeps as it does, sleep as others.
func Usual(thread int) error { return setSlack(thread, usual) }

// UsualOwn is Usual for the calling thread, and takes no right. What is started from there inherits it.
func UsualOwn() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(usual), 0, 0, 0) }

func setSlack(thread int, slack time.Duration) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/timerslack_ns", thread), fmt.Append(nil, slack.Nanoseconds()), 0)
}

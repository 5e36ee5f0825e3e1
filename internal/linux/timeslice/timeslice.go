// Package timeslice asks the kernel to run threads soon rather than long.
//
// A thread of the ordinary policy that wakes up while others compute waits until
// the running one's slice is over, some milliseconds, unless its own slice is
// shorter: then it runs at once, as long as it has not had more than its share
// (EEVDF, kernel/sched/fair.c; a slice of one's own by sched_setattr(2) since
// Linux 6.12, before that it is ignored). Its share is what it was, and so are
// niceness and policy. What answers calls for others and computes hardly
// anything itself is what this is for.
//
// A slice is inherited by fork and clone, and kept over execve.
package timeslice

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Short is the least there is.
const Short = 100 * time.Microsecond

// Of is the slice of a thread; 0: the kernel does not tell, or its policy has none.
func Of(tid int) (time.Duration, error) {
	attr, err := read(tid)
	if err != nil || !sliced(attr) {
		return 0, err
	}
	return time.Duration(attr.Runtime), nil
}

// Set gives a thread a slice, 0: the ordinary one. A thread of another policy is
// left alone.
func Set(tid int, slice time.Duration) error {
	attr, err := read(tid)
	if err != nil || !sliced(attr) {
		return err
	}
	attr.Size, attr.Runtime = unix.SizeofSchedAttr, uint64(slice)
	if err := unix.SchedSetAttr(tid, attr, 0); err != nil {
		return fmt.Errorf("set the time slice of thread %d: %w", tid, err)
	}
	return nil
}

// Yield has a thread of the ordinary policy wait for its turn when it wakes up, with the
// ordinary slice: one of SCHED_BATCH takes the place of none that runs (sched(7)). Its share is what it was.
func Yield(tid int) error {
	attr, err := read(tid)
	if err != nil || attr.Policy != unix.SCHED_NORMAL {
		return err
	}
	attr.Size, attr.Policy, attr.Runtime = unix.SizeofSchedAttr, unix.SCHED_BATCH, 0
	if err := unix.SchedSetAttr(tid, attr, 0); err != nil {
		return fmt.Errorf("have thread %d wait for its turn: %w", tid, err)
	}
	return nil
}

// Insist undoes Yield, for a thread that has inherited it, and gives it a slice. It tells whether there was something to undo.
func Insist(tid int, slice time.Duration) (yielded bool, err error) {
	attr, err := read(tid)
	if err != nil || attr.Policy != unix.SCHED_BATCH {
		return false, err
	}
	attr.Size, attr.Policy, attr.Runtime = unix.SizeofSchedAttr, unix.SCHED_NORMAL, uint64(slice)
	if err := unix.SchedSetAttr(tid, attr, 0); err != nil {
		return true, fmt.Errorf("have thread %d run as soon as it wakes up: %w", tid, err)
	}
	return true, nil
}

// SetOwn gives all threads of this process, and those they make, a slice.
func SetOwn(slice time.Duration) error {
	done := map[int]bool{}
	for {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("list own threads: %w", err)
		}
		before := len(done)
		for _, thread := range threads {
			tid, err := strconv.Atoi(thread.Name())
			if err != nil || done[tid] {
				continue
			}
			if err := Set(tid, slice); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
			done[tid] = true
		}
		if len(done) == before { // none has been made by one that was not looked at yet
			return nil
		}
	}
}

func read(tid int) (*unix.SchedAttr, error) {
	attr, err := unix.SchedGetAttr(tid, 0)
	if err != nil {
		return nil, fmt.Errorf("read the time slice of thread %d: %w", tid, err)
	}
	return attr, nil
}

// sliced: SCHED_NORMAL and SCHED_BATCH are ruled by slices; kernels that do not
// know them say 0.
func sliced(attr *unix.SchedAttr) bool {
	return (attr.Policy == unix.SCHED_NORMAL || attr.Policy == unix.SCHED_BATCH) && attr.Runtime != 0
}

// Ordinary is the slice of a thread that has none of its own.
func Ordinary() (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := Of(0)
	if err != nil || own == 0 {
		return 0, err
	}
	defer func() { _ = Set(0, own) }()
	if err := Set(0, 0); err != nil {
		return 0, err
	}
	return Of(0)
}

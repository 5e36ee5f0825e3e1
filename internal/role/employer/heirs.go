package employer

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"

	"openmosix/internal/linux/gowatcher"
	"openmosix/internal/linux/timeslice"

	"golang.org/x/sys/unix"
)

// heirs are threads that the runtime's watcher has made. It makes one whenever it takes the
// processor from a goroutine that waits in the kernel and no thread is left to take it over:
// of a supervisor's that is one of four. A new thread begins as its maker is (clone(2)),
// so these would wait for their turn when they wake up, as the watcher is told to, and sleep as long:
// whatever goroutine, tracing thread and link's reader they happen to run.
type heirs struct {
	mu      sync.Mutex
	made    int // threads there were when it was looked last
	settled map[int]bool
}

// settle makes those that are new what the other threads are. When there are none it costs
// next to nothing.
func (h *heirs) settle() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	made, _ := runtime.ThreadCreateProfile(nil)
	if made == h.made {
		return nil
	}
	watcher, err := gowatcher.Thread()
	if err != nil {
		return err
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	settled := map[int]bool{}
	for _, thread := range threads {
		tid, err := strconv.Atoi(thread.Name())
		if err != nil || tid == watcher {
			continue
		}
		if !h.settled[tid] {
			heir, err := timeslice.Insist(tid, timeslice.Short)
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
			if heir {
				_ = gowatcher.Usual(tid) // a guest's supervisor may not: see nap
			}
		}
		settled[tid] = true
	}
	h.made, h.settled = made, settled
	return nil
}

package employer

import (
	"runtime"
	"testing"

	"openmosix/internal/linux/timeslice"

	"golang.org/x/sys/unix"
)

// A thread that has become as the watcher is made what others are, when threads have been made since it was looked.
func TestHeirs(t *testing.T) {
	threads := make(chan int)
	done := make(chan struct{})
	defer close(done)
	heir := func() {
		runtime.LockOSThread() // never unlocked: the thread ends
		tid := unix.Gettid()
		if err := timeslice.Yield(tid); err != nil {
			t.Error(err)
		}
		threads <- tid
		<-done
	}
	policy := func(tid int) uint32 {
		attr, err := unix.SchedGetAttr(tid, 0)
		if err != nil {
			t.Fatal(err)
		}
		return attr.Policy
	}
	h := &heirs{}
	go heir()
	first := <-threads
	if err := h.settle(); err != nil {
		t.Fatal(err)
	}
	if policy(first) != unix.SCHED_NORMAL {
		t.Error("the first one waits for its turn")
	}
	// Threads that were there are taken first.
	var later int
	for later == 0 || h.settled[later] {
		go heir()
		later = <-threads
	}
	h.made = 0 // as many may have ended
	if err := h.settle(); err != nil {
		t.Fatal(err)
	}
	if policy(later) != unix.SCHED_NORMAL {
		t.Error("a later one waits for its turn")
	}
}

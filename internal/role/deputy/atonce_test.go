package deputy

import (
	"testing"
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

func idle() *deputy {
	return &deputy{p: &proc{}, t: &tracee.Thread{}, quit: make(chan struct{}), gives: make(chan struct{}, 1)}
}

// The link's reader does only what nothing else has to come before.
func TestAtOnceKeepsOrder(t *testing.T) {
	word := job{frame: frame{kind: wire.Wrote}} // of no sense, so it is a word that is complained of, if it is done
	never := func() { t.Error("another one reads on") }
	for name, c := range map[string]struct {
		spoil func(d *deputy)
		j     job
		done  bool
	}{
		"one waits already":   {func(d *deputy) { d.before.Add(1) }, word, false},
		"the slot is in use":  {func(d *deputy) { d.using.Lock() }, word, false},
		"it makes a thread":   {func(*deputy) {}, job{frame: frame{kind: wire.Clone}}, false},
		"the thread has gone": {func(d *deputy) { d.stop() }, word, true},
	} {
		d := idle()
		d.behinds.Add(1)
		c.spoil(d)
		if done, relieved := d.atOnce(c.j, never); done != c.done || relieved || d.behinds.Load() != 1 {
			t.Errorf("%s: done %v, relieved %v, %d behind", name, done, relieved, d.behinds.Load())
		}
	}
}

// A call that takes long keeps nobody from being heard, and goes on.
func TestTheReaderIsRelieved(t *testing.T) {
	r, _ := slots(t)
	slot, d := r.Slot(0), idle()
	relieved := make(chan struct{})
	d.readOn = func() { close(relieved) }
	slot.Post(unix.SYS_PAUSE, [6]uint64{})
	ended := make(chan bool)
	go func() { _, ok := d.await(slot); ended <- ok }()
	<-relieved
	select {
	case <-ended:
		t.Error("the call has ended")
	case <-time.After(2 * patience):
	}
	slot.Kill()
	if <-ended {
		t.Error("the thread has gone, and that is not told")
	}
	if d.readOn != nil {
		t.Error("another one would read on as well")
	}
}

// What waits for others is left to the deputy's goroutine at once.
func TestSleeps(t *testing.T) {
	for nr, want := range map[int]bool{
		unix.SYS_POLL: true, unix.SYS_EPOLL_WAIT: true, unix.SYS_NANOSLEEP: true, unix.SYS_PAUSE: true, unix.SYS_EXIT_GROUP: true,
		unix.SYS_OPENAT: false, unix.SYS_READ: false, unix.SYS_WRITE: false, unix.SYS_NEWFSTATAT: false, unix.SYS_GETPPID: false,
	} {
		if got := sleeps(&syscalls.Call{Nr: nr}); got != want {
			t.Errorf("call %d: %v", nr, got)
		}
	}
}

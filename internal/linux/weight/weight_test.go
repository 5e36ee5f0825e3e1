package weight

import (
	"runtime"
	"testing"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

func TestSet(t *testing.T) {
	done := make(chan struct{})
	go func() { // its thread ends with it
		defer close(done)
		runtime.LockOSThread()
		for _, w := range []image.Weight{{Policy: unix.SCHED_NORMAL, Nice: 3}, {Policy: unix.SCHED_BATCH, Nice: 7}, {Policy: unix.SCHED_IDLE, Nice: 7}} {
			if err := Set(unix.Gettid(), w); err != nil {
				t.Error(err)
			}
			if got, err := Of(unix.Gettid()); err != nil || got != w {
				t.Errorf("%+v, not %+v: %v", got, w, err)
			}
		}
	}()
	<-done
	if _, err := Of(1 << 30); err == nil {
		t.Error("a thread that is none has a weight")
	}
}

package employer

import (
	"runtime"
	"testing"
)

func TestProcessorsAreForSeveralThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(alone))
	d := &Daemon{}
	d.Holds(1)
	if n := runtime.GOMAXPROCS(0); n != alone {
		t.Errorf("%d processors for one thread", n)
	}
	d.Holds(2)
	if n := runtime.GOMAXPROCS(0); n < leastProcessors || n > mostProcessors {
		t.Errorf("%d processors for two threads", n)
	}
}

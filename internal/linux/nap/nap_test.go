package nap

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A nap is as short where the thread's sleeps may take longer.
func TestForWithSlack(t *testing.T) {
	runtime.LockOSThread() // it ends with the test
	const slack = 200 * time.Millisecond
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for range 20 {
		For(100 * time.Microsecond)
	}
	if took := time.Since(begun); took > 10*slack {
		t.Errorf("20 naps take %v", took)
	}
}

func TestFor(t *testing.T) {
	const d = 100 * time.Microsecond
	var took []time.Duration
	for range 51 {
		begun := time.Now()
		For(d)
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	if took[0] < d || took[len(took)/2] > 100*d {
		t.Errorf("naps of %v take %v to %v", d, took[0], took[len(took)-1])
	}
}

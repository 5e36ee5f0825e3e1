package ptrace

import (
	"os/exec"
	"testing"
	"time"

	"openmosix/internal/model/image"
)

// deeper calls f with so much more of the stack in use. Never inlined.
//
//go:noinline
func deeper(steps int, f func()) (sum byte) {
	var room [16]byte
	room[steps%len(room)] = byte(steps)
	if steps == 0 {
		f()
	} else {
		sum = deeper(steps-1, f)
	}
	for _, b := range room {
		sum += b
	}
	return sum
}

// What a request reads and writes is right wherever the stack of the tracing thread's goroutine
// ends: it may grow, and with that be elsewhere, in the middle of it.
func TestRequestsWhileTheStackGrows(t *testing.T) {
	child := exec.Command("sleep", "100")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	time.Sleep(50 * time.Millisecond) // it has executed
	tid := child.Process.Pid
	for depth := range 250 {
		stopped := make(chan struct{}, 1)
		l := NewLoop(func(s Stop) {
			if s.Kind == Interrupted {
				stopped <- struct{}{}
			}
		})
		var err error
		l.Do(func() {
			if err = l.Seize(tid, 0); err == nil {
				err = Interrupt(tid)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		<-stopped
		var have, want, again image.Regs
		l.Do(func() {
			deeper(depth, func() { have, err = Regs(tid) })
			if err == nil {
				want, err = Regs(tid)
			}
			if err == nil {
				deeper(depth+20, func() { err = SetRegs(tid, want) })
			}
			if err == nil {
				again, err = Regs(tid)
			}
		})
		if err != nil || have != want || again != want {
			t.Fatalf("at depth %d: %+v, then %+v, not %+v: %v", depth, have, again, want, err)
		}
		l.Do(func() { err = Detach(tid, 0) })
		l.Close()
		<-l.Ended()
		if err != nil {
			t.Fatal(err)
		}
	}
}

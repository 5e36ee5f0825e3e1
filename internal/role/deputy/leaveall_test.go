package deputy

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestOneThatIsStuckHoldsNobodyUp: processes come home several at once, and those that a node does not send keep none of
// the others away, however many they are.
func TestOneThatIsStuckHoldsNobodyUp(t *testing.T) {
	const atOnce, turn = 2, 20 * time.Millisecond
	stuck, all := make(chan struct{}), make(chan struct{})
	came := make(chan int, 16)
	pids := []int{1, 2, 3, 4, 5, 6, 7}
	go func() {
		defer close(all)
		inTurns(pids, atOnce, turn, func(pid int) {
			if pid <= 3 {
				<-stuck
			}
			came <- pid
		})
	}()
	for range 4 {
		select {
		case pid := <-came:
			if pid <= 3 {
				t.Errorf("%d has come", pid)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("those that are stuck hold the others up")
		}
	}
	select {
	case <-all:
		t.Error("it does not wait for those that are stuck")
	default:
	}
	close(stuck)
	<-all
	if len(came) != 3 {
		t.Errorf("%d of 3 have come in the end", len(came))
	}
}

// TestNotAllAtOnce: as long as none is late, no more come than may.
func TestNotAllAtOnce(t *testing.T) {
	const atOnce = 3
	var now, most atomic.Int32
	inTurns(make([]int, 20), atOnce, time.Hour, func(int) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
	})
	if n := most.Load(); n != atOnce {
		t.Errorf("%d at once, not %d", n, atOnce)
	}
}

package callcount

import (
	"sync"
	"testing"
	"time"

	"openmosix/internal/model/tally"
)

func TestNothingIsLost(t *testing.T) {
	var c Counter
	const workers, each = 4, 5000
	sum := tally.Sum{}
	done := make(chan struct{})
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range each {
				c.Add(i%3, time.Duration(w)*time.Millisecond, 2, 3)
			}
		})
	}
	go func() { group.Wait(); close(done) }()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		sum.Add(c.Take())
	}
	var calls, nanos, sent, received uint64
	for _, r := range sum.List() {
		calls, nanos, sent, received = calls+r.Count(), nanos+r.Nanos, sent+r.Sent, received+r.Received
	}
	if calls != workers*each || sent != 2*calls || received != 3*calls || nanos != each*uint64(6*time.Millisecond) {
		t.Errorf("%d calls, %d ns, %d and %d bytes", calls, nanos, sent, received)
	}
	if again := c.Take(); again != nil {
		t.Errorf("taken twice: %+v", again)
	}
	c.Add(-1, 0, 0, 0)
	c.Add(tally.Numbers, 0, 0, 0)
	if strange := c.Take(); strange != nil {
		t.Errorf("numbers of no call: %+v", strange)
	}
}

func TestAddAllocatesNothing(t *testing.T) {
	var c Counter
	c.Add(0, 0, 0, 0)
	if n := testing.AllocsPerRun(100, func() { c.Add(0, time.Microsecond, 1, 1) }); n != 0 {
		t.Errorf("%v allocations for a call", n)
	}
}

// BenchmarkCount is what counting adds to a forwarded call, the clock included.
func BenchmarkCount(b *testing.B) {
	var c Counter
	begun := time.Now()
	for b.Loop() {
		c.Add(0, time.Since(begun), 64, 64)
	}
}

func BenchmarkTake(b *testing.B) {
	var c Counter
	for b.Loop() {
		for nr := range 60 {
			c.Add(nr, time.Microsecond, 64, 64)
		}
		c.Take()
	}
}

// Package tally is the figures of forwarded calls: how often each system call
// went home, how long it took and what it carried. It adds them up and checks
// those of others; who counts, and when, is not its affair (process/callcount).
//
// Latencies are kept in buckets whose bounds are powers of two of a
// microsecond: a count and a sum alone hide the slow ones.
package tally

import (
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"time"
)

const (
	// Numbers bounds the numbers of system calls; x86-64 has fewer.
	Numbers = 512
	// Buckets is how many there are. Bucket i holds what took less than 2^i
	// microseconds and has no place in an earlier one; the last holds the rest.
	Buckets = 26
)

// Bucket is where a latency belongs.
func Bucket(took time.Duration) int {
	return min(bits.Len64(uint64(max(0, took.Microseconds()))), Buckets-1)
}

// Bound is the upper bound of a bucket; the last one has none.
func Bound(bucket int) time.Duration { return time.Microsecond << bucket }

// Call is one row: all of one system call.
type Call struct {
	Nr       int      `json:"nr"`
	Nanos    uint64   `json:"ns"`       // all latencies together
	Sent     uint64   `json:"sent"`     // bytes to home
	Received uint64   `json:"received"` // bytes back
	Buckets  []uint64 `json:"buckets"`  // as many as are needed, at most Buckets
}

// Count is how often it was made.
func (c Call) Count() uint64 {
	var n uint64
	for _, b := range c.Buckets {
		n = plus(n, b)
	}
	return n
}

// Bounds of one report. Nobody makes so many calls between two of them.
const (
	maxCount = 1 << 40
	maxNanos = 1 << 60
	maxBytes = 1 << 50
)

// Validate checks rows of another node.
func Validate(calls []Call) error {
	if len(calls) > Numbers {
		return fmt.Errorf("figures of %d calls", len(calls))
	}
	for _, c := range calls {
		switch {
		case c.Nr < 0 || c.Nr >= Numbers:
			return fmt.Errorf("figures of a call with the number %d", c.Nr)
		case len(c.Buckets) > Buckets:
			return fmt.Errorf("latencies of call %d in %d buckets", c.Nr, len(c.Buckets))
		case slices.ContainsFunc(c.Buckets, func(n uint64) bool { return n > maxCount }) || c.Nanos > maxNanos || c.Sent > maxBytes || c.Received > maxBytes:
			return fmt.Errorf("figures of call %d are beyond belief", c.Nr)
		}
	}
	return nil
}

// Sum adds rows up, by number. It belongs to one goroutine at a time.
type Sum map[int]Call

// Add adds rows.
func (s Sum) Add(calls []Call) {
	for _, c := range calls {
		have := s[c.Nr]
		buckets := append([]uint64(nil), have.Buckets...)
		for i, n := range c.Buckets {
			if i == len(buckets) {
				buckets = append(buckets, 0)
			}
			buckets[i] = plus(buckets[i], n)
		}
		s[c.Nr] = Call{Nr: c.Nr, Nanos: plus(have.Nanos, c.Nanos), Sent: plus(have.Sent, c.Sent), Received: plus(have.Received, c.Received), Buckets: buckets}
	}
}

// List is the rows by ascending number.
func (s Sum) List() []Call {
	out := make([]Call, 0, len(s))
	for _, nr := range slices.Sorted(maps.Keys(s)) {
		out = append(out, s[nr])
	}
	return out
}

// plus does not go round: what hostile nodes claim ends at the largest number.
func plus(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

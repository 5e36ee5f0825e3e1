// Package callcount counts calls that are forwarded while they are forwarded:
// a few additions for each, no lock, and memory only for the first call of a
// number. Both supervisors count with it, each what it sees.
//
// Any goroutine may Add; one at a time may Take.
package callcount

import (
	"sync/atomic"
	"time"

	"openmosix/internal/model/tally"
)

// Counter counts by the number of the system call.
type Counter struct {
	rows [tally.Numbers]atomic.Pointer[row]
}

type row struct {
	nanos, sent, received atomic.Uint64
	buckets               [tally.Buckets]atomic.Uint64
}

// Add counts a call. Sizes are in bytes.
func (c *Counter) Add(nr int, took time.Duration, sent, received int) {
	if nr < 0 || nr >= len(c.rows) {
		return
	}
	r := c.rows[nr].Load()
	if r == nil {
		c.rows[nr].CompareAndSwap(nil, new(row))
		r = c.rows[nr].Load()
	}
	r.nanos.Add(uint64(max(0, took)))
	r.sent.Add(uint64(sent))
	r.received.Add(uint64(received))
	r.buckets[tally.Bucket(took)].Add(1)
}

// Take gives what was counted since the last time. A call that is being
// counted meanwhile may come in parts, this time and the next.
func (c *Counter) Take() []tally.Call {
	var out []tally.Call
	for nr := range c.rows {
		r := c.rows[nr].Load()
		if r == nil {
			continue
		}
		call := tally.Call{Nr: nr}
		for i := range r.buckets {
			if n := r.buckets[i].Swap(0); n > 0 {
				call.Buckets = append(call.Buckets, make([]uint64, i+1-len(call.Buckets))...)
				call.Buckets[i] = n
			}
		}
		call.Nanos, call.Sent, call.Received = r.nanos.Swap(0), r.sent.Swap(0), r.received.Swap(0)
		if call.Buckets != nil || call.Nanos+call.Sent+call.Received > 0 {
			out = append(out, call)
		}
	}
	return out
}

package shortcut

import (
	"sync"
	"time"
)

// Ticks tells when a time will be in the processor's own count, by which the code sees that it has come.
// The zero value is ready.
type Ticks struct {
	mu    sync.Mutex
	at    time.Time
	count uint64
}

// leastSpan is over what time the speed of the count is measured at least.
const leastSpan = 20 * time.Millisecond

// In is the count after a time from now; false: its speed is not known yet.
func (t *Ticks) In(d time.Duration) (uint64, bool) {
	now, count := time.Now(), ticks()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at.IsZero() {
		t.at, t.count = now, count
	}
	span, counted := now.Sub(t.at), count-t.count
	if span < leastSpan || d < 0 || int64(counted) <= 0 {
		return 0, false
	}
	return count + uint64(float64(counted)/float64(span)*float64(d)), true
}

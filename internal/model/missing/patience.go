package missing

import "time"

const (
	// most is how long nothing at all may come of pages that were asked for.
	most = 30 * time.Second
	// slowest is how fast they must come in the long run, bytes per second.
	slowest = 4 << 10
)

// Patience is how long pages that were asked for are still waited for. Who has them may be
// slow, and the way to him, but not without bound: a thread may stand still for them. A
// connection has as much with what its other side is to take (package transport).
type Patience struct{ spent time.Duration }

// Wait notes that n bytes have come within the next d, while more were asked for. False: that
// is too little.
func (p *Patience) Wait(d time.Duration, n uint64) bool {
	bought := time.Duration(min(n, slowest*uint64(most/time.Second))) * time.Second / slowest
	p.spent = max(p.spent-bought, 0) + d
	return p.spent < most
}

// Rest notes that nothing was asked for.
func (p *Patience) Rest() { p.spent = 0 }

package owner

import "time"

// Haste is how long guests of one home may have the CPU time that arriving and leaving take, which is the owner's. It is as
// much as one guest needs on a slow network, and comes back: but whoever says all the time that he is on his way, or does not
// fetch what is to leave, does not set what the owner is promised aside for good.
// The zero value has all of it.
type Haste struct {
	debt time.Duration
	seen time.Time
}

const (
	// MostHaste is what there is at most.
	MostHaste = 3 * time.Minute
	// hasteShare is how much longer it takes to come back.
	hasteShare = 4
)

// Left is how much of it there is.
func (h *Haste) Left(now time.Time) time.Duration {
	if passed := now.Sub(h.seen); passed > 0 {
		h.debt = max(0, h.debt-passed/hasteShare)
		h.seen = now
	}
	return MostHaste - h.debt
}

// Spend notes that some was used until now. Several guests that are on their way at the same time use it each.
func (h *Haste) Spend(now time.Time, d time.Duration) {
	h.debt = min(MostHaste-h.Left(now)+max(d, 0), 2*MostHaste)
}

package deputy

import "testing"

// What was measured here counts more than what the daemon knows.
func TestRates(t *testing.T) {
	var r rates
	r.note(2, 0)
	if got := r.last(2); got != 0 {
		t.Errorf("%v of nothing", got)
	}
	r.suppose(2, 5e6)
	r.suppose(2, 9e6)
	r.suppose(3, 0)
	if got := r.last(2); got != 5e6 {
		t.Errorf("%v supposed", got)
	}
	r.note(2, 7e6)
	r.suppose(2, 1e6)
	if got := r.last(2); got != 7e6 || r.last(3) != 0 {
		t.Errorf("%v measured, %v elsewhere", got, r.last(3))
	}
}

package nap

import (
	"slices"
	"testing"
	"time"
)

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

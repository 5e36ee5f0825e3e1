package deputy

import (
	"testing"
	"time"

	"openmosix/internal/model/wire"
)

// A credit holds as long as nobody can have used up what is free.
func TestCreditTime(t *testing.T) {
	for free, want := range map[uint64]time.Duration{
		0: 0, muchRoom - 1: 0, muchRoom: muchTime, 3*muchRoom + 5: 3 * muchTime, 9 * muchRoom: 9 * muchTime, 1 << 50: wire.MaxCreditTime, ^uint64(0): wire.MaxCreditTime,
	} {
		if got := creditTime(free); got != want {
			t.Errorf("%d bytes free: %v, want %v", free, got, want)
		}
	}
}

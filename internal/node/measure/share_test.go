package measure

import (
	"math"
	"os"
	"testing"
	"time"
)

func TestShareSmooths(t *testing.T) {
	s := NewShare("/proc")
	at := time.Unix(1, 0)
	for i := range uint64(60) {
		// One process uses a whole CPU, another begins and ends in every other second.
		seen := map[who]uint64{{1, 1}: 500 + i*clockTicks}
		if i%2 == 1 {
			seen[who{2, i}] = clockTicks / 2
		}
		s.take(seen, at.Add(time.Duration(i)*time.Second))
	}
	if got := s.Now(); math.Abs(got-1.25) > 0.1 {
		t.Errorf("%v CPUs are in use, want about 1.25", got)
	}
	if err := s.Look(func(uid int) bool { return uid == os.Getuid() }); err != nil || len(s.ticks) == 0 {
		t.Errorf("%v", err)
	}
	s.Forget()
	s.take(map[who]uint64{{1, 1}: 1e6}, at.Add(time.Hour))
	if got := s.Now(); got != 0 {
		t.Errorf("%v CPUs are in use of what was forgotten", got)
	}
}

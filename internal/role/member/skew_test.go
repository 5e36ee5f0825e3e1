package member

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// Packets of members are taken whatever their clocks say, as streams tell of their runs. Who has the other's clock
// for wrong says so, once.
func TestClocksThatDiffer(t *testing.T) {
	const years = 56 * 365 * 24 * time.Hour
	for _, c := range []struct {
		skew time.Duration
		odd  bool
	}{
		{10 * time.Minute, false}, {-10 * time.Minute, false}, {2 * time.Hour, true}, {-years, true}, {years, true},
	} {
		t.Run(fmt.Sprint(c.skew), func(t *testing.T) {
			t.Parallel()
			var log said
			listen := func(o *Options) {
				o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
			}
			one, two, three := start(t, 1, 0, listen), start(t, 2, c.skew, nil), start(t, 3, 0, nil)
			if err := two.Join([]string{one.self.Address.String()}); err != nil {
				t.Fatal(err)
			}
			// What three hears of two comes by packets of one.
			if err := three.Join([]string{one.self.Address.String()}); err != nil {
				t.Fatal(err)
			}
			all := []*node{one, two, three}
			eventually(t, "all see each other", func() bool { return one.count() == 2 && two.count() == 2 && three.count() == 2 })
			for _, n := range all { // who hears from somebody before it hears of him does not know him
				n.refused.Store(0)
			}
			time.Sleep(2 * time.Second) // each asks the others meanwhile
			for _, n := range all {
				if n.refused.Load() > 0 {
					t.Errorf("%s refuses packets: %v", n.self.Name, n.refusal())
				}
				if n.count() != 2 {
					t.Errorf("%s sees %d others", n.self.Name, n.count())
				}
			}
			if told := strings.Count(log.String(), "clocks of this node and another differ"); told > 1 || c.odd != (told == 1) {
				t.Errorf("told of the clocks %d times: %s", told, log.String())
			}
			_ = two.Leave() // packets went both ways
			eventually(t, "it has left", func() bool { return one.heard("2 left") && three.heard("2 left") })
		})
	}
}

// What was recorded of a run that is over is of another time still.
func TestPacketsOfAnEarlierRun(t *testing.T) {
	one := start(t, 1, 0, nil)
	two := begin(t, 2, 0, nil)
	if err := two.Join([]string{one.self.Address.String()}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is up", func() bool { return one.count() == 1 })
	salt := two.wires.salt
	if !one.runs(salt, time.Hour*2) {
		t.Error("its run is not known")
	}
	other := salt
	other[0]++
	if one.runs(other, time.Hour*2) {
		t.Error("a run that nobody has told of is known")
	}
	_ = two.Leave()
	two.crash()
	eventually(t, "it has left", func() bool { return one.heard("2 left") })
	if one.runs(salt, time.Hour*2) {
		t.Error("its run is not over")
	}
}

// said is a log.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

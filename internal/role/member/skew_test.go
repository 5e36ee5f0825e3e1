package member

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Packets of nodes whose clocks agree to an hour are taken. Beyond that both
// refuse, and say that it may be the clocks.
func TestClocksThatDiffer(t *testing.T) {
	for _, c := range []struct {
		skew  time.Duration
		taken bool
	}{
		{10 * time.Minute, true}, {-10 * time.Minute, true}, {2 * time.Hour, false}, {-2 * time.Hour, false},
	} {
		t.Run(fmt.Sprint(c.skew), func(t *testing.T) {
			t.Parallel()
			one, two := start(t, 1, 0, nil), start(t, 2, c.skew, nil)
			if err := two.Join([]string{one.self.Address.String()}); err != nil {
				t.Fatal(err)
			}
			eventually(t, "both see each other", func() bool { return one.count() == 1 && two.count() == 1 })
			if !c.taken {
				for _, n := range []*node{one, two} {
					eventually(t, "packets are refused", func() bool { return n.refused.Load() > 0 })
					if why := n.refusal(); !strings.Contains(why.Error(), "compare the clocks") {
						t.Error(why)
					}
				}
				return
			}
			_ = two.Leave() // packets went both ways
			eventually(t, "it has left", func() bool { return one.heard("2 left") })
			if one.refused.Load()+two.refused.Load() > 0 {
				t.Errorf("packets are refused: %v %v", one.refusal(), two.refusal())
			}
		})
	}
}

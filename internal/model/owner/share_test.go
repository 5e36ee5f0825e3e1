package owner

import "testing"

// TestNobodyTakesAll: whoever comes first leaves something, also for the third; and what has ended goes to who has less.
func TestNobodyTakesAll(t *testing.T) {
	for _, c := range []struct {
		places int
		want   []int // of homes that come one after the other and take what they may
	}{
		{1, []int{1, 0}}, {2, []int{2, 0}}, {3, []int{3, 0}}, {10, []int{8, 2, 0}}, {100, []int{80, 16, 4, 0}}, {1000, []int{800, 160, 32, 7}},
	} {
		free := c.places
		for i, want := range c.want {
			has := 0
			for MayTake(has, free) {
				has, free = has+1, free-1
			}
			if has != want {
				t.Errorf("of %d places home %d has %d, not %d", c.places, i, has, want)
			}
		}
	}
	has, free := [2]int{80, 16}, 4
	for range 1000 { // one of a random home ends; whoever may takes it
		ends := 0
		if has[1] > has[0] {
			ends = 1
		}
		has[ends], free = has[ends]-1, free+1
		for again := true; again; {
			again = false
			for i := range has {
				if MayTake(has[i], free) {
					has[i], free, again = has[i]+1, free-1, true
				}
			}
		}
	}
	if has[0]-has[1] > 5 || has[1]-has[0] > 5 {
		t.Errorf("in the end they have %v", has)
	}
}

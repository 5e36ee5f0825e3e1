package member

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var crowdSize = flag.Int("crowd", 30, "how many nodes there are in TestCrowd; the long form has 200")

// until waits until all of these nodes see so many others, and tells how long after
// begun that was. It may take a minute for each fifty nodes, on a machine that
// has other things to do.
func until(t *testing.T, what string, nodes []*node, others int, begun time.Time) time.Duration {
	t.Helper()
	limit := time.Now().Add(2*patience + time.Duration(len(nodes)/50)*time.Minute)
	for ; ; time.Sleep(20 * time.Millisecond) {
		wrong, sample := 0, 0
		for _, n := range nodes {
			if c := n.count(); c != others {
				wrong, sample = wrong+1, c
			}
		}
		if wrong == 0 {
			took := time.Since(begun)
			t.Logf("%s: all %d nodes after %.1f s", what, len(nodes), took.Seconds())
			return took
		}
		if time.Now().After(limit) {
			t.Fatalf("%s: %d of %d nodes see other than %d others, one %d", what, wrong, len(nodes), others, sample)
		}
	}
}

// Many nodes in one process, with the sockets, the sealing and the goodbyes that a
// daemon has, find each other through any that is there; a death is noticed, and
// a goodbye is heard, by all.
func TestCrowd(t *testing.T) {
	if testing.Short() && *crowdSize == 30 {
		t.Skip("a death is noticed slowly where all that live share a busy processor")
	}
	begun := time.Now()
	all := []*node{start(t, 1, 0, nil)}
	for i := 2; i <= *crowdSize; i++ {
		n := start(t, i, 0, nil)
		seed := all[rand.IntN(len(all))].self.Address.String()
		// On a busy machine a stream may break; a daemon tries again, too.
		eventually(t, fmt.Sprintf("node %d joins", i), func() bool { return n.Join([]string{seed}) == nil })
		all = append(all, n)
	}
	t.Logf("%d nodes have joined after %.1f s", len(all), time.Since(begun).Seconds())
	until(t, "they know each other", all, len(all)-1, begun)

	dead, leaving := all[len(all)/2], all[len(all)/3]
	rest := func(without ...*node) []*node {
		var out []*node
		for _, n := range all {
			if n != dead && (len(without) == 0 || n != without[0]) {
				out = append(out, n)
			}
		}
		return out
	}
	begun = time.Now()
	dead.crash()
	until(t, "one has died", rest(), len(all)-2, begun)
	begun = time.Now()
	if err := leaving.Leave(); err != nil {
		t.Error(err)
	}
	leaving.crash()
	until(t, "one has left", rest(leaving), len(all)-3, begun)
	for _, n := range rest(leaving) {
		if died := fmt.Sprintf("%d gone", dead.self.Number); !n.heard(died) {
			t.Errorf("node %d has not heard %q", n.self.Number, died)
		}
		if left := fmt.Sprintf("%d left", leaving.self.Number); !n.heard(left) {
			t.Errorf("node %d has not heard %q", n.self.Number, left)
		}
	}
}

package discovery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// crowd is a lab of nodes whose daemons the test starts and ends itself.
type crowd struct {
	*labtest.Lab
	t   *testing.T
	ctx context.Context
}

// start starts daemons one after the other, in this order, a few at a time.
func (c crowd) start(numbers []int) {
	c.t.Helper()
	c.each(numbers, func(n int) error {
		d, err := c.StartDaemon(c.ctx, n)
		if err == nil {
			c.t.Cleanup(func() {
				_ = d.Process.Kill()
				_ = d.Wait()
			})
		}
		return err
	})
}

// signal sends daemons a signal and waits for their end.
func (c crowd) signal(numbers []int, signal string) {
	c.t.Helper()
	c.each(numbers, func(n int) error {
		pid, err := c.Daemon(c.ctx, n)
		if err == nil {
			_, err = c.Shell(c.ctx, n, fmt.Sprintf("kill -%s %d; while kill -0 %d 2>/dev/null; do sleep 0.05; done", signal, pid, pid))
		}
		return err
	})
}

func (c crowd) each(numbers []int, do func(n int) error) {
	c.t.Helper()
	var all sync.WaitGroup
	places := make(chan struct{}, 4)
	for _, n := range numbers {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			if err := do(n); err != nil {
				c.t.Errorf("node %d: %v", n, err)
			}
		})
	}
	all.Wait()
	if c.t.Failed() {
		c.t.FailNow()
	}
}

// see waits until each of these nodes has logged an event of each of those
// since then.
func (c crowd) see(who, whom []int, event string, since map[int]int) {
	c.t.Helper()
	for _, n := range who {
		for _, other := range whom {
			if other == n {
				continue
			}
			for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
				text, err := c.Log(n)
				if err != nil {
					c.t.Fatal(err)
				}
				if strings.Contains(text[min(since[n], len(text)):], fmt.Sprintf("event=%s number=%d ", event, other)) {
					break
				}
				if time.Since(begun) > 3*patience {
					c.t.Fatalf("node %d sees no %s of node %d", n, event, other)
				}
			}
		}
	}
}

// marks are how long the logs are now.
func (c crowd) marks() map[int]int {
	c.t.Helper()
	out := make(map[int]int)
	for n := 1; n <= c.Nodes(); n++ {
		text, err := c.Log(n)
		if err != nil {
			c.t.Fatal(err)
		}
		out[n] = len(text)
	}
	return out
}

// picture of nodes that are all up.
func allUp(numbers int) string {
	var words []string
	for n := 1; n <= numbers; n++ {
		words = append(words, fmt.Sprintf("%d up", n))
	}
	return strings.Join(words, "; ")
}

// Sixteen nodes start in any order and find each other; a third of them is
// killed, which the others notice, and comes back; a quarter leaves, all at
// once, which the others hear.
func TestSixteenNodes(t *testing.T) {
	t.Parallel()
	const size = 16
	c := crowd{labtest.UpEmpty(t, size), t, t.Context()}
	order := rand.Perm(size)
	for i := range order {
		order[i]++
	}
	t.Logf("started in the order %v", order)
	none := map[int]int{}
	c.start(order)
	c.see(order, order, "node-up", none)
	for _, n := range order[:2] {
		await(c.ctx, t, c.Lab, n, allUp(size))
	}

	killed, others := order[:size/3], order[size/3:]
	since := c.marks()
	c.signal(killed, "KILL")
	c.see(others, killed, "node-gone", since)
	since = c.marks()
	c.start(killed)
	c.see(others, killed, "node-up", since)
	c.see(killed, order, "node-up", since)

	leaving, staying := order[:size/4], order[size/4:]
	since = c.marks()
	c.signal(leaving, "TERM")
	c.see(staying, leaving, "node-left", since)
}

// A node of a lab joins and leaves, fifty times: nothing is left of it.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes minutes; the thousand times within one process are in role/member")
	}
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	c := crowd{l, t, ctx}
	round := func() {
		since := c.marks()
		c.signal([]int{3}, "TERM")
		c.see([]int{1, 2}, []int{3}, "node-left", since)
		c.start([]int{3})
		c.see([]int{1, 2}, []int{3}, "node-up", since)
	}
	for range 5 {
		round()
	}
	memory, files := use(ctx, t, l, 1)
	for range 45 {
		round()
	}
	time.Sleep(2 * time.Second) // streams that are just ending
	memoryAfter, filesAfter := use(ctx, t, l, 1)
	t.Logf("%d KiB, then %d KiB; %d descriptors, then %d", memory, memoryAfter, files, filesAfter)
	if memoryAfter > memory+16<<10 || filesAfter > files+8 {
		t.Errorf("%d KiB and %d descriptors are in use, %d and %d were", memoryAfter, filesAfter, memory, files)
	}
}

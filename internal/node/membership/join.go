package membership

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/roster"
	"openmosix/internal/role/member"
)

// join looks for nodes until ctx ends, and then says goodbye.
func (t *Table) join(ctx context.Context, group *member.Group) {
	var tries sync.WaitGroup
	defer tries.Wait()
	for {
		for _, address := range t.wanted() {
			// One that is dead takes its seconds; the others need not wait for it.
			tries.Go(func() { t.try(group, address) })
		}
		select {
		case <-ctx.Done():
			t.letArrive(group, &tries)
			if err := group.Leave(); err != nil {
				t.o.Log.Debug("the others may take this node for dead", "error", err)
			}
			return
		case <-time.After(joinEvery):
		case <-t.poke:
		}
	}
}

// arriveTime is how long a node that goes at once lets its joining end.
const arriveTime = 2 * time.Second

// letArrive lets attempts to join end that are the first: the others may have
// seen this node, and it must know them to say goodbye.
func (t *Table) letArrive(group *member.Group, tries *sync.WaitGroup) {
	if !group.Alone() {
		return
	}
	ended := make(chan struct{})
	go func() { tries.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(arriveTime):
	}
}

func (t *Table) try(group *member.Group, address string) {
	if err := group.Join([]string{address}); err != nil {
		t.o.Log.Debug("node not reached", "address", address, "error", err)
	}
	t.mu.Lock()
	delete(t.joining, address)
	t.mu.Unlock()
}

// wanted takes as many addresses as may be tried now: first those just heard
// of, then what is known and not up, in any order. They count as being tried.
func (t *Table) wanted() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	take := func(address string) bool {
		if _, tried := t.joining[address]; tried || len(t.joining) >= maxJoining {
			return false
		}
		t.joining[address] = struct{}{}
		out = append(out, address)
		return true
	}
	for a := range t.candidates {
		if take(a) {
			delete(t.candidates, a)
		}
	}
	missing := t.missing()
	rand.Shuffle(len(missing), func(i, j int) { missing[i], missing[j] = missing[j], missing[i] })
	for _, a := range missing {
		take(a)
	}
	return out
}

// missing is what is known and not up. Precondition: mu is held.
func (t *Table) missing() []string {
	var out, up []string
	for _, n := range t.roster.List() {
		switch {
		case n.State == roster.Up:
			up = append(up, n.Address)
		case n.Number != t.settings.Number:
			out = append(out, n.Address)
		}
	}
	// After a partition a seed that is not up is the way to the other side.
	for _, s := range t.settings.Discovery.Seeds {
		if !slices.Contains(up, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

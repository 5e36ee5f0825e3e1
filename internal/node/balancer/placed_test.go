package balancer

import (
	"testing"
	"time"
)

// What a look finds of programs that have run for a moment is not yet what they
// want: those that were placed here count as what they were placed as, until they
// have shown it themselves, and no longer than they run.
func TestPlacedHereCount(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		b.programs.ran("/usr/bin/work", time.Second, Program{CPU: (time.Second).Seconds()}, 1, time.Now())
		demand := func() float64 {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.nodes(b.now())[0].Demand
		}
		look := func() {
			if err := b.look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		m.add(program{pid: 100, uid: 1000})
		look()
		m.run(1)
		if to, why := b.place(100, "/usr/bin/work"); to != 1 {
			t.Fatal(to, why)
		}
		look()
		if d := demand(); d != 1 {
			t.Errorf("%v after a look, want 1", d)
		}
		b.finished(100, "/usr/bin/work", 200*time.Millisecond, nil)
		if d := demand(); d != 0 {
			t.Errorf("%v when it has ended, want 0", d)
		}
		b.place(100, "/usr/bin/work") // and this time it only waits
		for second := range 6 {
			m.run(1)
			look()
			if d := demand(); d > 0.1 && second > 0 {
				t.Errorf("%v although it has done nothing for %d seconds", d, second+1)
			}
		}
		b.finished(100, "/usr/bin/work", 0, nil)
		if d := demand(); d > 0.1 {
			t.Errorf("%v in the end", d)
		}
	})
}

// What is known to run on a node counts, whatever the node says, whose figure is
// smoothed and misses what comes and goes.
func TestWhatWasPlacedThereCounts(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		b.programs.ran("/usr/bin/work", time.Second, Program{CPU: (time.Second).Seconds()}, 1, time.Now())
		demand := func() float64 {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.nodes(b.now())[1].Demand
		}
		m.add(program{pid: 100, uid: 1000})
		b.ledger.add(1, b.now(), 1.5)
		if to, why := b.place(100, "/usr/bin/work"); to != 2 {
			t.Fatal(to, why)
		}
		b.ledger.add(2, b.now(), -3) // others have ended there, of which the report has never told
		if d := demand(); d != 1 {
			t.Errorf("%v there, want 1", d)
		}
		b.finished(100, "/usr/bin/work", time.Second, nil)
		if d := demand(); d != 0 {
			t.Errorf("%v when it has ended, want 0", d)
		}
	})
}

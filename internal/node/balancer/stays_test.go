package balancer

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"
)

// asked places a program and tells whether others of its kind may go on without that.
func asked(t *testing.T, b *Balancer, pid int, kind string) (Stay, bool) {
	t.Helper()
	if to, why := b.place(pid, kind); to != 1 {
		t.Fatalf("%s on node %d: %v", kind, to, why)
	}
	return b.Stays(kind, kind)
}

// What is too short to gain anywhere is said to stay, and nothing else.
func TestShortOnesAreNotAskedAbout(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.add(fresh(100))
		b.programs.ran("/usr/bin/short", time.Millisecond, Program{CPU: 0.001}, 1, time.Now())
		b.programs.ran("/usr/bin/long", time.Second, Program{CPU: 1}, 1, time.Now())
		for kind, stays := range map[string]bool{"/usr/bin/short": true, "/usr/bin/make": true, "/usr/bin/sed": true, "/usr/bin/unknown": false, "/usr/bin/long": false, "/usr/bin/ld": false} {
			// All begin here at this moment, as there is nobody else.
			if s, ok := asked(t, b, 100, kind); ok != stays || ok && (s.All || s.For <= 0 || s.For > eraFor || s.Most < time.Millisecond || s.Most > time.Second) {
				t.Errorf("%s stays %v: %+v", kind, ok, s)
			}
			b.finished(100, kind, 0, nil)
		}
		time.Sleep(eraFor)
		if _, ok := b.Stays("/usr/bin/sed", "/usr/bin/sed"); ok {
			t.Error("it is said for longer than it is known")
		}
	})
}

// What goes on without a question counts as if it had been asked about.
func TestWentOnCounts(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		other := m.balancer()
		for i, b := range []*Balancer{b, other} {
			m.programs = nil
			for pid := 100; pid < 110; pid++ {
				m.add(fresh(pid))
				if i == 0 {
					b.place(pid, "/usr/bin/sed")
					time.Sleep(70 * time.Millisecond)
					b.finished(pid, "/usr/bin/sed", 30*time.Millisecond, nil)
				} else {
					time.Sleep(100 * time.Millisecond)
					b.WentOn(pid, "/usr/bin/sed", "/usr/bin/sed", 100*time.Millisecond)
					b.Finished(pid, "/usr/bin/sed", 30*time.Millisecond, nil, 30*time.Millisecond)
				}
			}
			b.place(200, "/usr/bin/sed")
		}
		want, _ := b.programs.of("/usr/bin/sed")
		got, _ := other.programs.of("/usr/bin/sed")
		if got.Seen = want.Seen; got != want || math.Abs(got.Wants-0.43) > 0.01 {
			t.Errorf("%+v, want %+v", got, want)
		}
		if len(other.placed) != 1 || other.placed[200].crowd != b.placed[200].crowd || other.placed[200].wants != b.placed[200].wants {
			t.Errorf("%+v, want %+v", other.placed, b.placed)
		}
	})
}

// A kind that has become longer, or wants more, is asked about again.
func TestWhatBecomesLongerIsAskedAbout(t *testing.T) {
	for name, c := range map[string]struct {
		cpu, ran time.Duration
		again    bool
	}{
		"short":     {time.Millisecond, time.Millisecond, false},
		"long":      {time.Second, time.Second, true},
		"wants all": {200 * time.Millisecond, 200 * time.Millisecond, true},
		"waits":     {time.Millisecond, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
				m.add(fresh(100))
				if _, ok := asked(t, b, 100, "/bin/sh"); !ok {
					t.Fatal("a shell is asked about")
				}
				time.Sleep(c.ran)
				b.finished(100, "/bin/sh", c.cpu, nil)
				if again := slices.ContainsFunc(m.again, func(k []string) bool { return slices.Equal(k, []string{"/bin/sh"}) }); again != c.again {
					t.Errorf("asked about again: %v, %v", again, m.again)
				}
				if _, ok := b.era.kinds["/bin/sh"]; ok == c.again {
					t.Errorf("it is said to stay: %v", ok)
				}
			})
		})
	}
}

// When this node leaves the range in which it was said, all is taken back.
func TestErasEnd(t *testing.T) {
	for name, change := range map[string]func(m *machine, b *Balancer){
		"many come": func(m *machine, b *Balancer) {
			for pid := 200; pid < 210; pid++ {
				b.WentOn(pid, "/usr/bin/work", "/usr/bin/work", 0)
			}
		},
		"no memory": func(m *machine, b *Balancer) {
			m.own.MemFree = 1 << 30
			m.run(1)
			if err := b.look(m.t.Context()); err != nil {
				m.t.Error(err)
			}
		},
		"placements are faster": func(m *machine, b *Balancer) {
			b.placeCost /= 2
			b.place(200, "/usr/bin/work")
		},
		"a faster node": func(m *machine, b *Balancer) {
			m.others[0].Speed *= 2
			time.Sleep(reportsFor)
			b.place(200, "/usr/bin/work")
		},
	} {
		t.Run(name, func(t *testing.T) {
			placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
				for pid := 200; pid < 210; pid++ {
					m.add(fresh(pid))
				}
				m.add(fresh(100))
				if err := b.look(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, ok := asked(t, b, 100, "/bin/true"); !ok {
					t.Fatal("it is asked about")
				}
				if change(m, b); len(m.again) != 1 || m.again[0] != nil {
					t.Errorf("taken back: %v", m.again)
				}
			})
		})
	}
}

// Where nothing is placed, nothing is asked about.
func TestAllStay(t *testing.T) {
	for name, tell := range map[string]func(m *machine){
		"disabled": func(m *machine) { m.config.Enabled = false },
		"no place": func(m *machine) { m.config.Place = false },
		"stay":     func(m *machine) { m.settings.Stay = true },
		"lstay":    func(m *machine) { m.settings.LStay = true },
	} {
		placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
			tell(m)
			m.add(fresh(100))
			b.ledger.add(1, b.now(), 3)
			if s, ok := asked(t, b, 100, "/usr/bin/work"); !ok || !s.All || s.For != eraFor {
				t.Errorf("%s: %+v, %v", name, s, ok)
			}
		})
	}
}

// Only so many are remembered.
func TestKindsAreBounded(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.add(fresh(100))
		b.place(100, "/bin/true")
		said := 0
		for i := range 2 * mostKinds {
			if _, ok := b.Stays("/bin/true", "/bin/true -"+strconv.Itoa(i)); ok {
				said++
			}
		}
		if said != mostKinds || len(b.era.kinds) != mostKinds {
			t.Errorf("%d and %d kinds", said, len(b.era.kinds))
		}
	})
}

// BenchmarkStays is of what an answer costs more.
func BenchmarkStays(b *testing.B) {
	m := newMachine(b, 64)
	balancer := m.balancer()
	m.add(fresh(100))
	balancer.place(100, "/bin/true")
	for b.Loop() {
		balancer.Stays("/bin/true", "/bin/true")
	}
}

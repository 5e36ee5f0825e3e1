package balancer

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"openmosix/internal/model/balance"
	"openmosix/internal/model/nodelist"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/policy"
)

// balanced runs a balancer over a fake machine in a time of its own.
func balanced(t *testing.T, nodes int, f func(t *testing.T, m *machine, b *Balancer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, nodes)
		b := m.balancer()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			b.Run(ctx)
			close(done)
		}()
		f(t, m, b)
		cancel()
		<-done
	})
}

// Eight programs that want a CPU each end as four and four, on nodes of one
// speed, and then stay where they are.
func TestSpreads(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, _ *Balancer) {
		m.run(5)
		for range 8 {
			m.add(program{uid: 1000, share: 1})
		}
		m.run(15)
		if got := m.counts(); !maps.Equal(got, map[int]int{1: 4, 2: 4}) {
			t.Errorf("after 15 s: %v; %d moves:%s", got, len(m.moves()), m.whys())
		}
		before := len(m.moves())
		m.run(60)
		if got := len(m.moves()); got != before || before > 5 {
			t.Errorf("%d moves for four, %d more in the minute after", before, got-before)
		}
	})
}

func TestFasterTakesMore(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, _ *Balancer) {
		m.others[0].Speed *= 2
		for range 9 {
			m.add(program{uid: 1000, share: 1})
		}
		m.run(20)
		if got := m.counts(); got[2] < 5 || got[2] > 7 {
			t.Errorf("%v on nodes of speed 1 and 2", got)
		}
	})
}

// A guest is moved by asking its home, and is known by its number there.
func TestGuestsAreSentOn(t *testing.T) {
	balanced(t, 3, func(t *testing.T, m *machine, _ *Balancer) {
		m.others[1].Accepting = false
		for range 4 {
			m.add(program{uid: 1_868_000_001, home: 3, share: 1})
		}
		m.run(20)
		got := m.counts()
		if got[1] == 4 || got[1]+got[2]+got[3] != 4 {
			t.Fatalf("%v", got)
		}
		for _, mv := range m.moves() {
			if mv.Home != 3 || mv.PID < 5000 || mv.From != 1 {
				t.Errorf("%+v", mv)
			}
		}
	})
}

func TestStayBlockDisabled(t *testing.T) {
	for name, spoil := range map[string]func(*machine){
		"stay":     func(m *machine) { m.settings.Stay = true },
		"lstay":    func(m *machine) { m.settings.LStay = true },
		"block":    func(m *machine) { m.others[0].Accepting = false },
		"quiet":    func(m *machine) { m.others[0].Quiet = true },
		"disabled": func(m *machine) { m.config.Enabled = false },
		"locked":   func(m *machine) { setAll(m, policy.Policy{Lock: true}) },
		"denied":   func(m *machine) { setAll(m, policy.Policy{Deny: nodes(t, "2")}) },
		"system":   func(m *machine) { setUID(m, 10) },
	} {
		t.Run(name, func(t *testing.T) {
			balanced(t, 2, func(t *testing.T, m *machine, b *Balancer) {
				for range 4 {
					m.add(program{uid: 1000, share: 1})
				}
				spoil(m)
				m.write()
				m.run(10)
				if n := len(m.moves()); n > 0 {
					t.Errorf("%d moves", n)
				}
				v, _, known := b.Explain(100)
				if !known || v.String() == "" {
					t.Errorf("nothing is said of it: %+v", v)
				}
			})
		})
	}
}

func setAll(m *machine, p policy.Policy) {
	for _, q := range m.programs {
		q.policy = p
	}
}

func setUID(m *machine, uid int) {
	for _, q := range m.programs {
		q.uid = uid
	}
}

func nodes(t testing.TB, text string) nodelist.List {
	t.Helper()
	l, err := nodelist.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// What was refused is tried again, each time after twice as long, and it is said
// why.
func TestRefusalsAreRemembered(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.answer = func(balance.Move) Outcome {
			return Outcome{Code: supervisor.CannotMove, Reason: "shared-writable-memory", Text: "cannot move: it shares memory"}
		}
		m.add(program{uid: 1000, share: 1})
		m.add(program{uid: 1000, share: 0.8, policy: policy.Policy{Lock: true}})
		m.run(100)
		if n := len(m.moves()); n < 3 || n > 6 {
			t.Errorf("tried %d times in 100 s: 5, 10, 20, 40 s lie between", n)
		}
		v, _, known := b.Explain(100)
		if !known || v.Rule != balance.Cannot || !strings.Contains(v.String(), "shares memory") {
			t.Errorf("%+v", v)
		}
	})
}

// What has ended since it was looked at is not tried again until the next look.
func TestEndedMeanwhile(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, _ *Balancer) {
		m.answer = func(balance.Move) Outcome {
			return Outcome{Code: supervisor.NoSuchProcess, Text: "it has ended"}
		}
		for range 2 {
			m.add(program{uid: 1000, share: 1})
		}
		m.run(20)
		if n := len(m.moves()); n < 2 || n > 50 {
			t.Errorf("tried %d times in 20 s", n)
		}
	})
}

// A node that refused is left out; another one is taken.
func TestRefusingNodeIsLeftOut(t *testing.T) {
	balanced(t, 3, func(t *testing.T, m *machine, _ *Balancer) {
		m.answer = func(mv balance.Move) Outcome {
			if mv.To == 2 {
				return Outcome{Code: supervisor.LacksCPU, Text: "its CPU lacks"}
			}
			return Outcome{}
		}
		m.others[0].CPU = 77
		for range 4 {
			m.add(program{uid: 1000, share: 1})
		}
		m.run(30)
		if got := m.counts(); !maps.Equal(got, map[int]int{1: 2, 3: 2}) {
			t.Errorf("%v", got)
		}
	})
}

// Whatever there is: nothing moves that is locked, excluded, or not allowed
// there; and no process is moved twice at once.
func TestNeverMovesWhatStays(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var failure string
		n := rapid.IntRange(1, 8).Draw(r, "programs")
		drawn := make([]program, n)
		for i := range drawn {
			drawn[i] = program{
				uid: rapid.SampledFrom([]int{0, 10, 1000, 1001}).Draw(r, "uid"), share: rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(r, "share"),
				nice: rapid.SampledFrom([]int{-5, 0, 10}).Draw(r, "nice"), rt: rapid.Bool().Draw(r, "rt"), mosrun: rapid.Bool().Draw(r, "mosrun"),
				comm:   rapid.SampledFrom([]string{"work", "Xorg"}).Draw(r, "comm"),
				cgroup: rapid.SampledFrom([]string{"/user.slice", "/system.slice/x.service"}).Draw(r, "cgroup"),
				policy: policy.Policy{Lock: rapid.Bool().Draw(r, "lock")},
			}
			if rapid.Bool().Draw(r, "denied") {
				drawn[i].policy.Deny = nodes(t, "2")
			}
		}
		balanced(t, 3, func(t *testing.T, m *machine, _ *Balancer) {
			m.mu.Lock() // the balancer runs
			m.config.ExcludeUsers = []string{"1001"}
			m.mu.Unlock()
			for _, p := range drawn {
				m.add(p)
			}
			m.run(4)
			for _, mv := range m.moves() {
				p := m.find(mv.PID)
				system := !p.mosrun && (p.uid < 1000 || p.nice < 0 || p.cgroup != "/user.slice")
				if p.policy.Lock || system || p.rt || p.uid == 1001 || p.comm == "Xorg" || !p.policy.MayGo(mv.To) && mv.To != 1 {
					failure = fmt.Sprintf("%+v of %+v", mv, p)
				}
			}
		})
		if failure != "" {
			r.Fatal(failure)
		}
	})
}

// On a node where nothing happens hardly anything is looked at.
func TestRests(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.add(program{uid: 1000})
		looks := map[time.Time]bool{}
		for range 60 {
			m.run(1)
			_, at, _ := b.o.Census.Look(time.Hour)
			looks[at] = true
		}
		if len(looks) > 60/resting+2 {
			t.Errorf("%d looks in a minute", len(looks))
		}
	})
}

// Who gets hardly any time, because the CPU is shared with others that are not
// seen, wants a CPU all the same.
func TestStarvedProcessesAreSeen(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.run(5)
		for range 4 {
			m.add(program{uid: 1000, share: 1, starved: 100})
		}
		m.run(15)
		if got := m.counts(); !maps.Equal(got, map[int]int{1: 2, 2: 2}) {
			t.Errorf("%v", got)
		}
	})
}

// A supervisor that waits for a CPU beside programs that compute wants what it uses.
func TestSupervisorsWantWhatTheyUse(t *testing.T) {
	for _, serves := range []bool{false, true} {
		balanced(t, 1, func(t *testing.T, m *machine, b *Balancer) {
			m.serves = map[int]bool{300: serves}
			m.add(program{pid: 300, uid: 0, share: 0.8, starved: 20})
			m.run(15)
			b.mu.Lock()
			defer b.mu.Unlock()
			if little := b.self.demand < 0.3; little != serves {
				t.Errorf("%v: this node wants %.2f CPUs", serves, b.self.demand)
			}
		})
	}
}

// Of programs that call home a lot and share a node's CPU, only so many come back
// as there is room for: each is seen to use little there, and wants more.
func TestCallersDoNotCrowdHome(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, _ *Balancer) {
		m.add(program{uid: 1000, share: 1, policy: policy.Policy{Lock: true}})
		for range 6 {
			m.add(program{uid: 1000, share: 1, node: 2, moves: 1, calls: 8000})
		}
		most := 0
		for range 40 {
			m.run(1)
			most = max(most, m.counts()[1])
		}
		if got := m.counts(); most > 5 || got[1] < 3 {
			t.Errorf("%v, and up to %d at home", got, most)
		}
	})
}

// Whoever asks is told the best place, also of what is not balanced by itself,
// what moved a moment ago, and what does nothing yet.
func TestBest(t *testing.T) {
	balanced(t, 3, func(t *testing.T, m *machine, b *Balancer) {
		m.others[1].Accepting = false
		for range 3 {
			m.add(program{share: 1, policy: policy.Policy{Lock: true}})
		}
		sleeper := m.add(program{uid: 1000})
		m.run(5)
		for _, pid := range []int{100, sleeper.pid} {
			if to, why, err := b.Best(pid, 1, nil); err != nil || to != 2 || why.Gain <= why.Price {
				t.Errorf("%d to node %d, %v: %v", pid, to, err, why)
			}
			if to, why, err := b.Best(pid, 1, map[int]bool{2: true}); err != nil || to != 1 || why.Refused == "" {
				t.Errorf("%d to node %d that has refused it, %v: %v", pid, to, err, why)
			}
		}
		if to, why, err := b.Best(100, 2, nil); err != nil || to != 2 {
			t.Errorf("from node 2 to %d, %v: %v", to, err, why)
		}
		if _, _, err := b.Best(4711, 1, nil); err == nil {
			t.Error("there is a best place for what does not exist")
		}
		costs, err := b.Costs(100, 2)
		if err != nil || len(costs) != 3 {
			t.Errorf("costs %+v, %v", costs, err)
		}
		for _, c := range costs {
			if closed := c.Closed == balance.Blocked; closed != (c.Node == 3) || c.Cost <= 0 {
				t.Errorf("%+v", c)
			}
		}
		if _, err := b.Costs(4711, 1); err == nil {
			t.Error("what does not exist has a cost")
		}
	})
}

// What was measured of a link is in the price of a move over it.
func TestLinksArePriced(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.mu.Lock()
		m.links = map[int]balance.Link{2: {Bandwidth: 1e6, Latency: 3 * time.Millisecond, Freeze: time.Second}}
		m.mu.Unlock()
		for range 4 {
			m.add(program{uid: 1000, share: 1, rss: 100 << 20})
		}
		m.run(10)
		v, _, known := b.Explain(100)
		// 105 MB at 1 MB/s and a quarter for the caches are 131 s.
		if !known || v.Rule != balance.NotWorth || v.Price < 131*time.Second || v.Price > 134*time.Second || len(m.moves()) > 0 {
			t.Errorf("%d moves; %v", len(m.moves()), v)
		}
	})
}

package balancer

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/model/balance"
	"openmosix/internal/model/load"
	"openmosix/internal/node/policy"
)

// placing is a balancer that is only asked where programs begin.
func placing(t *testing.T, nodes int, f func(t *testing.T, m *machine, b *Balancer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, nodes)
		f(t, m, m.balancer())
	})
}

// Two hundred programs in one moment spread over the nodes, as their speeds are.
func TestPlacesSpread(t *testing.T) {
	placing(t, 4, func(t *testing.T, m *machine, b *Balancer) {
		m.others[2].Speed *= 2
		b.programs.ran("/usr/bin/work", 10*time.Second, Program{CPU: (10 * time.Second).Seconds()}, 1, time.Now())
		got := map[int]int{}
		for i := range 200 {
			m.programs = append(m.programs, &program{pid: 100 + i, uid: 1000}) // without files: they are not asked for
			to, _ := b.place(100+i, "/usr/bin/work")
			got[to]++
		}
		for node, want := range map[int]int{1: 40, 2: 40, 3: 40, 4: 80} {
			if n := got[node]; n < want-12 || n > want+12 {
				t.Errorf("%d on node %d, want about %d: %v", n, node, want, got)
			}
		}
	})
}

// What has ended does not count any more, told or not.
func TestPlacesAreGivenBack(t *testing.T) {
	placing(t, 3, func(t *testing.T, m *machine, b *Balancer) {
		for i := range 30 {
			pid := 100 + i
			m.add(program{pid: pid, uid: 1000})
			b.place(pid, "/usr/bin/work")
			time.Sleep(100 * time.Millisecond)
			switch i % 3 {
			case 0:
				b.finished(pid, "/usr/bin/work", 100*time.Millisecond, nil)
			case 1:
				b.place(pid, "/usr/bin/other")
				b.finished(pid, "/usr/bin/other", 100*time.Millisecond, nil)
			default:
				b.mu.Lock()
				b.tidy(nil)
				b.mu.Unlock()
			}
		}
		sum := 0.0
		for node := range b.ledger {
			sum += b.ledger.since(node, 0)
		}
		if sum > 1e-9 || sum < -1e-9 || len(b.placed) > 0 {
			t.Errorf("%v threads and %d programs are left over", sum, len(b.placed))
		}
	})
}

func TestWhatBeginsHere(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(m *machine, b *Balancer, p *program)
		rule  balance.Rule
	}{
		"alone": {func(_ *machine, b *Balancer, _ *program) { b.ledger = ledger{} }, balance.NobodyWait},
		"short": {func(_ *machine, b *Balancer, _ *program) {
			b.programs.ran("/usr/bin/work", time.Millisecond, Program{CPU: (time.Millisecond).Seconds()}, 1, time.Now())
		}, balance.Best},
		"locked":   {func(_ *machine, _ *Balancer, p *program) { p.policy.Lock = true }, balance.Locked},
		"io":       {func(_ *machine, _ *Balancer, p *program) { p.policy.Kind = policy.IOJob }, balance.IOBound},
		"denied":   {func(m *machine, _ *Balancer, p *program) { p.policy.Deny = nodes(m.t, "2") }, balance.NoNode},
		"stay":     {func(m *machine, _ *Balancer, _ *program) { m.settings.Stay = true }, balance.Stay},
		"blocked":  {func(m *machine, _ *Balancer, _ *program) { m.others[0].Accepting = false }, balance.NoNode},
		"disabled": {func(m *machine, _ *Balancer, _ *program) { m.config.Place = false }, ""},
		"ended":    {func(m *machine, _ *Balancer, _ *program) { m.programs = nil }, balance.Cannot},
		"32 bit": {func(m *machine, _ *Balancer, p *program) {
			exe := filepath.Join(m.dir, "100", "exe")
			_ = os.Remove(exe)
			_ = os.WriteFile(exe, []byte("\x7fELF\x01"), 0o755)
		}, balance.Cannot},
		"nothing": {func(*machine, *Balancer, *program) {}, balance.Placed},
	} {
		t.Run(name, func(t *testing.T) {
			placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
				p := m.add(program{pid: 100, uid: 1000})
				b.ledger.add(1, b.now(), 1.5)
				c.spoil(m, b, p)
				to, why := b.place(100, "/usr/bin/work")
				want := 1
				if c.rule == balance.Placed {
					want = 2
				}
				if why.Rule != c.rule || to != want {
					t.Errorf("%q on node %d, want %q on %d: %v", why.Rule, to, c.rule, want, why)
				}
			})
		})
	}
}

// What a program would use alone is taken from how many compete for a CPU where it
// runs, also if that is not where it was placed.
func TestCrowdGoesWithTheProgram(t *testing.T) {
	for name, leave := range map[string]func(b *Balancer){
		"stayed": func(b *Balancer) { b.Stayed(100) },
		"moved": func(b *Balancer) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.shift(1, 100, 2, 3, 1, b.now())
		},
	} {
		t.Run(name, func(t *testing.T) {
			placing(t, 3, func(t *testing.T, m *machine, b *Balancer) {
				m.others[1].Accepting = false // or some would begin on node 3
				b.ledger.add(1, b.now(), 20)
				for pid := 105; pid >= 100; pid-- {
					m.add(program{pid: pid, uid: 1000})
					if to, why := b.place(pid, "/usr/bin/once"); to != 2 {
						t.Fatal(to, why)
					}
				}
				leave(b)
				time.Sleep(time.Second)
				b.finished(100, "/usr/bin/once", 300*time.Millisecond, nil)
				if got, _ := b.programs.of("/usr/bin/once"); got.Wants < 0.29 || got.Wants > 0.31 {
					t.Errorf("it used 0.3 of a CPU for which nobody else competed, and is thought to want %v", got.Wants)
				}
			})
		})
	}
}

// A placement that failed counts here, and what one costs is learned.
func TestPlacementsAreFollowed(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.add(program{pid: 100, uid: 1000})
		b.ledger.add(1, b.now(), 1.5)
		if to, why := b.place(100, "/usr/bin/work"); to != 2 {
			t.Fatal(to, why)
		}
		b.Stayed(100)
		if there, here := b.ledger.since(2, 0), b.ledger.since(1, 0)+b.placedWants()[1]; there != 0 || here != 2.5 {
			t.Errorf("%v there, %v here", there, here)
		}
		before := b.placeCost
		for range 50 {
			b.place(100, "/usr/bin/work")
			time.Sleep(5 * time.Millisecond)
			b.Began(100)
		}
		if before != firstPlaceCost || b.placeCost > 8*time.Millisecond || b.placeCost < 4*time.Millisecond {
			t.Errorf("a placement is thought to cost %v", b.placeCost)
		}
		b.Began(4711) // nobody knows it
	})
}

// What only starts others, or is done in a moment, begins where it is started, also
// when it is not known yet.
func TestOrdinaryProgramsStay(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.add(program{pid: 100, uid: 1000})
		b.ledger.add(1, b.now(), 1.5)
		for program, want := range map[string]int{
			"/usr/bin/make": 1, "/usr/bin/x86_64-linux-gnu-gcc-12": 1, "/opt/arm-none-eabi-g++": 1, "/usr/bin/bash-5.2": 1,
			"/usr/bin/unknown": 2, "/usr/lib/gcc/cc1": 2, "/usr/bin/12": 2, "/usr/bin/gcc-ar": 1, "/usr/bin/uname": 1, "/bin/[": 1, "/usr/bin/x86_64-linux-gnu-ld.bfd": 1,
		} {
			if to, why := b.place(100, program); to != want {
				t.Errorf("%s on node %d, want %d: %v", program, to, want, why)
			}
		}
	})
}

// A program that computes little for each of its calls is not sent away from what
// it calls, once that has been seen.
func TestTalkersStay(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		b.programs.ran("/usr/bin/work", 100*time.Millisecond, Program{CPU: (100 * time.Millisecond).Seconds()}, 1, time.Now())
		m.add(program{pid: 100, uid: 1000})
		b.ledger.add(1, b.now(), 1.5)
		if to, why := b.place(100, "/usr/bin/work"); to != 2 {
			t.Fatal(to, why)
		}
		calls := uint64(2000)
		b.finished(100, "/usr/bin/work", 100*time.Millisecond, &calls)
		if to, why := b.place(100, "/usr/bin/work"); to != 1 {
			t.Error(to, why)
		}
		calls = 10
		for range 20 {
			b.finished(100, "/usr/bin/work", 100*time.Millisecond, &calls)
		}
		if to, why := b.place(100, "/usr/bin/work"); to != 2 {
			t.Error(to, why)
		}
	})
}

// A program is judged by what it used before, also before this daemon began.
func TestProgramsSurvive(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.add(program{pid: 100, uid: 1000})
		for range 20 {
			b.place(100, "/usr/bin/work")
			time.Sleep(10 * time.Second)
			b.finished(100, "/usr/bin/work", 5*time.Second, nil)
		}
		b.saveAtEnd()
		got, known := m.balancer().programs.of("/usr/bin/work")
		if !known || got.Runs != 20 || got.CPU < 4.9 || got.CPU > 5.1 || got.Wants < 0.45 || got.Wants > 0.55 {
			t.Errorf("%+v, %v", got, known)
		}
		for _, text := range []string{"", "[", `{"a":1}`, `[{"path":"/x","cpu_s":-1,"runs":1}]`, `[{"path":"","cpu_s":1,"runs":1}]`} {
			if err := os.WriteFile(filepath.Join(m.dir, "programs.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if n := m.balancer().programs.order.Len(); n != 0 {
				t.Errorf("%q: %d programs", text, n)
			}
		}
	})
}

// Who got most of what there was for it beside others would have used a CPU alone.
func TestWhoComputesWantsACPU(t *testing.T) {
	placing(t, 1, func(t *testing.T, m *machine, b *Balancer) {
		for pid := 100; pid < 104; pid++ {
			m.add(program{pid: pid, uid: 1000})
			b.place(pid, "/usr/bin/work")
		}
		time.Sleep(4 * time.Second)
		b.finished(103, "/usr/bin/work", 700*time.Millisecond, nil)
		if got, _ := b.programs.of("/usr/bin/work"); got.Wants != 1 {
			t.Errorf("one of four that had 0.7 s of 4 is thought to want %v", got.Wants)
		}
		b.finished(101, "/usr/bin/work", 100*time.Millisecond, nil)
		if got, _ := b.programs.of("/usr/bin/work"); got.Wants > 0.8 {
			t.Errorf("after one that slept, %v", got.Wants)
		}
	})
}

// Runs that were too short to tell what a program wants do not make it one that wants a CPU.
func TestShortRunsSayNothing(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		for pid, program := range []string{"/usr/bin/sh", "/usr/bin/sh", "/usr/bin/other", "/usr/bin/other"} {
			m.add(fresh(100 + pid))
			b.place(100+pid, program)
			if pid%2 == 0 {
				b.finished(100+pid, program, time.Millisecond, nil)
			}
		}
		if got := b.placed[101].wants; got != launcherWants {
			t.Errorf("a shell is thought to want %v of a CPU", got)
		}
		if got := b.placed[103].wants; got != 1 {
			t.Errorf("what is not known is thought to want %v of a CPU", got)
		}
	})
}

func fresh(pid int) program { return program{pid: pid, uid: 1000} }

func TestProgramsAreBounded(t *testing.T) {
	placing(t, 1, func(t *testing.T, _ *machine, b *Balancer) {
		name := func(i int) string { return filepath.Join("/bin", time.Duration(i).String()) }
		for i := range mostPrograms + 10 {
			b.programs.ran(name(0), time.Second, Program{CPU: (time.Second).Seconds()}, 0, time.Now())
			b.programs.ran(name(i), time.Second, Program{CPU: (time.Second).Seconds()}, 0, time.Now())
		}
		_, first := b.programs.of(name(0))
		_, second := b.programs.of(name(1))
		if n := b.programs.order.Len(); n != mostPrograms || len(b.programs.byPath) != n || !first || second {
			t.Errorf("%d programs; first %v, second %v", n, first, second)
		}
	})
}

func TestLedger(t *testing.T) {
	l := ledger{}
	l.add(2, 0, 1)
	l.add(2, together/2, 1)
	l.add(2, time.Second, -1)
	if len(l[2]) != 2 {
		t.Errorf("%v: two in one moment are one", l)
	}
	near := func(got, want float64) bool { return got > want-1e-6 && got < want+1e-6 }
	if !near(l.missing(2, 0), 1) || !near(l.missing(3, 0), 0) {
		t.Errorf("a report of before lacks %v", l.missing(2, 0))
	}
	if got := l.missing(2, time.Second+load.Window); got < -0.37+2*0.3-0.01 || got > 2*0.31-0.36 {
		t.Errorf("after the time of smoothing %v are missing", got)
	}
	if got := l.missing(2, 10*load.Window); got > 1e-3 || got < -1e-3 {
		t.Errorf("long after %v are missing", got)
	}
	if got := l.since(2, time.Second); got != -1 {
		t.Errorf("since a second %v", got)
	}
	l.add(2, 2*settled, 1)
	if len(l[2]) != 1 {
		t.Errorf("%v: what is over is kept", l)
	}
}

func TestEligibility(t *testing.T) {
	base := identity{uid: 1000, comm: "cc1", exe: "/usr/lib/gcc/cc1", cgroups: []string{"/user.slice/user-1000.slice/session-2.scope"}}
	with := func(f func(*identity)) identity { i := base; f(&i); return i }
	for name, c := range map[string]struct {
		id     identity
		mosrun bool
		users  []string
		left   bool
	}{
		"a user's":             {id: base},
		"root's":               {id: with(func(i *identity) { i.uid = 0 }), left: true},
		"root's, mosrun":       {id: with(func(i *identity) { i.uid = 0 }), mosrun: true},
		"root's, named":        {id: with(func(i *identity) { i.uid = 0 }), users: []string{"root"}},
		"root's, everybody":    {id: with(func(i *identity) { i.uid = 0 }), users: []string{"*"}},
		"excluded":             {id: with(func(i *identity) { i.uid = 1001 }), left: true},
		"excluded, mosrun":     {id: with(func(i *identity) { i.uid = 1001 }), mosrun: true, left: true},
		"a display":            {id: with(func(i *identity) { i.comm = "Xorg" }), mosrun: true, left: true},
		"by path":              {id: with(func(i *identity) { i.exe = "/opt/x/bin" }), left: true},
		"by base":              {id: with(func(i *identity) { i.comm, i.exe = "thread7", "/usr/bin/kwin_x11" }), left: true},
		"a service":            {id: with(func(i *identity) { i.cgroups = []string{"/system.slice/cron.service"} }), left: true},
		"a service, mosrun":    {id: with(func(i *identity) { i.cgroups = []string{"/system.slice/cron.service"} }), mosrun: true},
		"of another name":      {id: with(func(i *identity) { i.cgroups = []string{"/user.slice/system.slice"} })},
		"more important":       {id: with(func(i *identity) { i.nice = -1 }), left: true},
		"less important":       {id: with(func(i *identity) { i.nice = 19 })},
		"a guest's":            {id: with(func(i *identity) { i.guest = true }), mosrun: true, left: true},
		"in no group":          {id: with(func(i *identity) { i.cgroups = nil })},
		"in the first group":   {id: with(func(i *identity) { i.cgroups = []string{"/"} })},
		"in one of two":        {id: with(func(i *identity) { i.cgroups = []string{"/", "/init.scope"} }), left: true},
		"a machine of its own": {id: with(func(i *identity) { i.cgroups = []string{"/machine.slice/a/b/c"} }), left: true},
	} {
		config := newMachine(t, 1).config
		config.Users, config.ExcludeUsers = c.users, []string{"1001", "nobody-of-this-name"}
		config.ExcludeCommands = append(config.ExcludeCommands, "/opt/*/bin")
		if got := newEligibility(config).leaves(c.id, c.mosrun); (got != "") != c.left {
			t.Errorf("%s: left alone because %q", name, got)
		}
	}
	if !maps.Equal(newEligibility(newMachine(t, 1).config).users, map[int]bool{}) {
		t.Error("somebody is named by default")
	}
}

func BenchmarkPlace(b *testing.B) {
	m := newMachine(b, 64)
	balancer := m.balancer()
	for i := range 100 {
		m.add(program{pid: 100 + i, uid: 1000})
	}
	balancer.programs.ran("/usr/bin/work", time.Second, Program{CPU: (time.Second).Seconds()}, 1, time.Now())
	i := 0
	for b.Loop() {
		pid := 100 + i%100
		i++
		balancer.place(pid, "/usr/bin/work")
		balancer.finished(pid, "/usr/bin/work", time.Second, nil)
	}
}

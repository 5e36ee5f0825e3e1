package balancer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/balance"
	"openmosix/internal/model/gossip"
	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/census"
	"openmosix/internal/node/config"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
)

// program is a process of the fake machine.
type program struct {
	pid, uid int
	comm     string
	cgroup   string
	share    float64 // of a CPU that it would use alone
	rss      uint64
	growth   uint64 // bytes per second
	node     int    // where it runs
	began    int    // ticks since the start of the machine; 0: at the same time as the others
	parent   int
	home     int // of guests
	nice     int
	rt       bool
	starved  float64 // times that others slow it down here
	calls    float64 // that go home, for each second of its work
	policy   policy.Policy
	mosrun   bool

	cpu, waited time.Duration // on node 1
	elsewhere   time.Duration // CPU time on other nodes
	moves       int
}

// machine is a fake node 1 with a directory as /proc, and its idea of the others.
// A step of it is a second in which the CPUs are shared out fairly.
type machine struct {
	t   testing.TB
	dir string

	mu       sync.Mutex
	own      load.Report
	others   []load.Report
	links    map[int]balance.Link
	programs []*program
	config   config.Balance
	settings settings.Values
	begun    time.Time
	asked    []balance.Move
	answer   func(balance.Move) Outcome
	serves   map[int]bool
	again    [][]string // of which kinds of programs it is to be asked again
}

// place and finished are of a program that has no options, and has ended at this moment.
func (b *Balancer) place(pid int, program string) (int, balance.Explanation) {
	return b.Place(pid, program, program)
}

func (b *Balancer) finished(pid int, program string, cpu time.Duration, calls *uint64) {
	b.Finished(pid, program, cpu, calls, 0)
}

const boot = 1000 * time.Second

func newMachine(t testing.TB, nodes int) *machine {
	m := &machine{t: t, dir: t.TempDir(), own: fakeReport(1), config: config.Default().Balance, settings: settings.Default(), begun: time.Now()}
	for n := 2; n <= nodes; n++ {
		m.others = append(m.others, fakeReport(n))
	}
	m.answer = func(balance.Move) Outcome { return Outcome{} }
	m.write()
	return m
}

func fakeReport(n int) load.Report {
	return load.Report{Node: n, CPUs: 1, Speed: load.Standard, MemTotal: 4 << 30, MemFree: 3 << 30, MemAvailable: 3 << 30,
		MaxGuests: 64, Accepting: true, Pressure: load.NoPressure}
}

func (m *machine) balancer() *Balancer {
	return New(Options{
		Self: 1, Proc: procfs.FS(m.dir), Census: census.New(procfs.FS(m.dir)),
		Config:   func() config.Balance { return locked(m, func() config.Balance { return m.config }) },
		Settings: func() settings.Values { return locked(m, func() settings.Values { return m.settings }) },
		Own:      func() load.Report { return locked(m, func() load.Report { return m.own }) },
		Reports:  m.reports,
		Link:     func(node int) balance.Link { return locked(m, func() balance.Link { return m.links[node] }) },
		Policy: func(pid int) (policy.Policy, error) {
			if p := m.find(pid); p != nil {
				return p.policy, nil
			}
			return policy.Policy{}, procfs.ErrGone
		},
		Marked:   m.marked,
		Held:     func(context.Context) []supervisor.Proc { return m.list(1) },
		Guests:   func(context.Context) []supervisor.Proc { return m.list(0) },
		IsGuest:  func(uid int) bool { return uid >= 1_868_000_000 },
		Serves:   func() map[int]bool { return m.serves },
		Move:     m.move,
		AskAgain: func(kinds []string) { locked(m, func() bool { m.again = append(m.again, kinds); return true }) },
		Programs: filepath.Join(m.dir, "programs.json"),
		Log:      slog.New(slog.DiscardHandler),
	})
}

func locked[T any](m *machine, f func() T) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f()
}

func (m *machine) reports() []gossip.Known {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []gossip.Known
	for _, r := range m.others {
		out = append(out, gossip.Known{Report: r, Age: 100 * time.Millisecond})
	}
	return out
}

func (m *machine) marked() map[int]policy.Policy {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[int]policy.Policy{}
	for _, p := range m.programs {
		if p.mosrun {
			out[p.pid] = p.policy
		}
	}
	return out
}

// list gives own processes that are away, or guests.
func (m *machine) list(home int) []supervisor.Proc {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []supervisor.Proc
	for _, p := range m.programs {
		switch {
		case home == 1 && p.home == 1 && p.node != 1:
			out = append(out, supervisor.Proc{PID: p.pid, Node: p.node, Moves: p.moves, CPUMicros: p.elsewhere.Microseconds(), RSS: p.rss, Calls: uint64(p.calls * p.elsewhere.Seconds()), State: "running"})
		case home != 1 && p.home != 1 && p.node == 1:
			out = append(out, supervisor.Proc{PID: p.pid, HomePID: p.pid + 5000, Node: p.home, CPUMicros: p.cpu.Microseconds(), BeforeMicros: p.elsewhere.Microseconds(), RSS: p.rss, State: "running"})
		}
	}
	return out
}

func (m *machine) find(pid int) *program {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.programs {
		if p.pid == pid {
			return p
		}
	}
	return nil
}

func (m *machine) move(_ context.Context, mv balance.Move) Outcome {
	time.Sleep(100 * time.Millisecond)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, mv)
	o := m.answer(mv)
	if o.Code != "" {
		return o
	}
	for _, p := range m.programs {
		if p.home == mv.Home && (p.home == 1 && p.pid == mv.PID || p.home != 1 && p.pid+5000 == mv.PID) {
			p.node = mv.To
			p.moves++
		}
	}
	return o
}

// add starts a program of node 1.
func (m *machine) add(p program) *program {
	m.mu.Lock()
	if p.node == 0 {
		p.node = 1
	}
	if p.home == 0 {
		p.home = 1
	}
	if p.pid == 0 {
		p.pid = 100 + len(m.programs)
	}
	if p.comm == "" {
		p.comm = "work"
	}
	if p.cgroup == "" {
		p.cgroup = "/user.slice/session-1.scope"
	}
	if p.rss == 0 {
		p.rss = 1 << 20
	}
	m.programs = append(m.programs, &p)
	m.mu.Unlock()
	m.write()
	return &p
}

// run lets time pass, in steps so short that a look that falls between two of
// them sees about what has been used.
func (m *machine) run(seconds int) {
	const step = time.Second / 8
	for range time.Duration(seconds) * time.Second / step {
		time.Sleep(step)
		m.step(step)
		m.writeCounts()
	}
}

func (m *machine) step(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	reports := append([]*load.Report{&m.own}, pointers(m.others)...)
	for _, r := range reports {
		sum := 0.0
		for _, p := range m.programs {
			if p.node == r.Node {
				sum += p.share
			}
		}
		r.Demand += (sum - r.Demand) * (1 - load.Unseen(d))
		for _, p := range m.programs {
			if p.node == r.Node {
				used := time.Duration(p.share * float64(d) / max(sum/float64(r.CPUs), 1))
				if p.starved > 0 && p.node == 1 {
					used = time.Duration(float64(used) / p.starved)
				}
				if p.node == 1 {
					p.cpu += used
					p.waited += time.Duration(p.share*float64(d)) - used
				} else {
					p.elsewhere += used
				}
				p.rss += uint64(float64(p.growth) * d.Seconds())
			}
		}
	}
}

func pointers(all []load.Report) []*load.Report {
	var out []*load.Report
	for i := range all {
		out = append(out, &all[i])
	}
	return out
}

// put makes a file of /proc.
func (m *machine) put(name, format string, args ...any) {
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// write makes all files of /proc.
func (m *machine) write() {
	m.writeCounts()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.programs {
		dir := strconv.Itoa(p.pid)
		m.put(dir+"/status", "Name:\t%s\nState:\tR (running)\nTgid:\t%d\nPid:\t%d\nUid:\t%d\t%d\t%d\t%d\n", p.comm, p.pid, p.pid, p.uid, p.uid, p.uid, p.uid)
		m.put(dir+"/cgroup", "0::%s\n", p.cgroup)
		m.put(dir+"/io", "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\n")
		_ = os.Symlink("/usr/bin/"+p.comm, filepath.Join(m.dir, dir, "exe"))
	}
}

// writeCounts makes those that change.
func (m *machine) writeCounts() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := boot + time.Since(m.begun)
	m.put("uptime", "%.2f 1.00\n", now.Seconds())
	for _, p := range m.programs {
		dir := strconv.Itoa(p.pid)
		ticks := int(p.cpu / tick)
		scheduling := 0
		if p.rt {
			scheduling = 1
		}
		state := 'S'
		if p.starved > 0 {
			state = 'R'
		}
		m.put(dir+"/stat", "%d (%s) %c %d 1 1 0 -1 0 0 0 0 0 %d 0 0 0 20 %d 1 0 %d 0 %d 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 %d 0 0 0 0 0 0 0 0 0 0 0\n",
			p.pid, p.comm, state, p.parent, ticks, p.nice, cmp.Or(p.began, int(boot/tick)+p.pid), p.rss/pageSize, scheduling)
		m.put(dir+"/task/"+dir+"/schedstat", "%d %d 1\n", p.cpu, p.waited)
	}
}

// counts tells how many programs run on each node.
func (m *machine) counts() map[int]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[int]int{}
	for _, p := range m.programs {
		out[p.node]++
	}
	return out
}

func (m *machine) moves() []balance.Move {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

// whys are the reasons of all moves, a line each.
func (m *machine) whys() string {
	out := ""
	for _, mv := range m.moves() {
		out += fmt.Sprintf("\n%d: %v", mv.PID, mv.Why)
	}
	return out
}

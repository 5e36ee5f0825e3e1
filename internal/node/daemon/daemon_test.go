package daemon

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/internal/linux/cgroup"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/lodging"
	"openmosix/internal/node/settings"
	"openmosix/internal/role/discovery"
	"openmosix/internal/role/transport"
)

// node is a daemon under test.
type node struct {
	*Daemon
	client *control.Client
	stop   func()
}

// twoNodes brings up nodes 1 and 2 (and names a node 3 that is down). adjust
// may change a node before it starts.
func twoNodes(t *testing.T, adjust func(d *Daemon)) (one, two *node) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a node daemon needs root")
	}
	key, err := trust.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var peers []config.Peer
	for n, address := range freeAddresses(t, 3) {
		peers = append(peers, config.Peer{Number: n + 1, Address: address})
	}
	log := slog.New(slog.NewTextHandler(untilTheEnd(t), nil))
	start := func(number int) *node {
		c := config.Default()
		c.Number, c.Name, c.Peers = number, fmt.Sprintf("node%d", number), peers
		c.Listen = peers[number-1].Address
		c.Discovery.Enabled = false // the table is that of peers
		c.Metrics = ""
		c.RunDir, c.StateDir = filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "state")
		// Away from the ids of a real node on this machine and of each other.
		// What else runs on this machine is not to be in the guests' way, nor they in its.
		c.Guests.OwnerFirst, c.Guests.Weight = false, cgroup.Ordinary
		c.Balance.Enabled = false // nor to be balanced: the supervisors here only say that they move something
		// By this name test/check knows what a test has left that was killed.
		c.Guests.CGroup = fmt.Sprintf("openmosix-t%d-%s", os.Getpid(), lodging.GroupOf(c.RunDir, ""))
		c.Guests.Max, c.Guests.UIDBase = 8, uint32(1_900_000_000+os.Getpid()%1000*100+number*10)
		judge := func(int) ([]control.Reason, error) { return nil, nil }
		d, err := New(c, trust.RingOf(key), judge, newMachine(1<<30), log)
		if err != nil {
			t.Fatal(err)
		}
		d.stopFor = 5 * time.Second
		if adjust != nil {
			adjust(d)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		n := &node{Daemon: d, client: control.NewClient(c.RunDir)}
		stopped := false
		n.stop = func() {
			if stopped {
				return
			}
			stopped = true
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		t.Cleanup(n.stop)
		return n
	}
	one, two = start(1), start(2)
	for _, n := range []*node{one, two} {
		waitFor(t, "control socket", func() bool {
			_, err := n.client.Ask(t.Context(), control.Request{Verb: control.PS}, nil)
			return err == nil
		})
	}
	return one, two
}

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func (n *node) ask(t *testing.T, r control.Request) *control.Result {
	t.Helper()
	result, err := n.client.Ask(t.Context(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (n *node) move(t *testing.T, pid, to int) *control.Result {
	t.Helper()
	return n.ask(t, control.Request{Verb: control.Migrate, PID: pid, To: to, Wait: true})
}

// sleeper is a process to be moved.
func sleeper(t *testing.T, uid uint32) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func TestAMoveOutAndHome(t *testing.T) {
	one, two := twoNodes(t, nil)
	pid := sleeper(t, 0).Process.Pid
	var phases []string
	result, err := one.client.Ask(t.Context(), control.Request{Verb: control.Migrate, PID: pid, To: 2, Wait: true},
		func(p control.Progress) { phases = append(phases, p.Phase) })
	if err != nil || result.Code != "" || result.Node != 2 || result.Micros != 1234 {
		t.Fatalf("%+v, %v", result, err)
	}
	if len(phases) > 1 {
		t.Errorf("phases %q", phases)
	}
	procs := one.ask(t, control.Request{Verb: control.PS}).Procs
	if len(procs) != 1 || procs[0].PID != pid || procs[0].Node != 2 || procs[0].CPUMicros != 42 {
		t.Errorf("ps: %+v", procs)
	}
	waitFor(t, "node 2 tells of its guest", func() bool {
		s := two.ask(t, control.Request{Verb: control.Status}).Status
		return s != nil && len(s.Lent) == 1 && s.Lent[0].Home == 1 && s.Guests == 1
	})
	if r := one.move(t, pid, 2); r.Code != supervisor.AlreadyThere {
		t.Errorf("second move to the same node: %+v", r)
	}
	if r := one.ask(t, control.Request{Verb: control.Why, PID: pid}); r.Code != "" {
		t.Errorf("why, away: %+v", r)
	}
	if r := one.ask(t, control.Request{Verb: control.Cancel, PID: pid}); r.Code != "" {
		t.Errorf("cancel: %+v", r) // its supervisor says that it does
	}
	// The own number means home.
	if r := one.move(t, pid, 1); r.Code != "" || r.Node != 0 {
		t.Errorf("move home: %+v", r)
	}
	if r := one.move(t, pid, 0); r.Code != supervisor.AlreadyThere {
		t.Errorf("home again: %+v", r)
	}
	if r := one.move(t, pid, 2); r.Code != "" {
		t.Errorf("out again: %+v", r)
	}
	waitFor(t, "the first home supervisor is gone", func() bool { return len(one.homes.list()) == 1 })
	waitFor(t, "the first guest is gone", func() bool { return len(two.guests.list()) == 1 })
}

func TestRefusals(t *testing.T) {
	lender := newMachine(1 << 30)
	one, two := twoNodes(t, func(d *Daemon) {
		if d.config.Number == 2 {
			d.machine = lender
		}
		d.judge = func(pid int) ([]control.Reason, error) {
			if pid == 1 {
				return []control.Reason{{Code: "init", Text: "it is init", Hint: "leave it"}}, nil
			}
			return nil, nil
		}
	})
	pid := sleeper(t, 0).Process.Pid
	check := func(name string, got *control.Result, want supervisor.Code, text string) {
		t.Helper()
		if got.Code != want || !strings.Contains(got.Text, text) {
			t.Errorf("%s: %s %q, want %s …%s…", name, got.Code, got.Text, want, text)
		}
	}
	check("no process", one.move(t, 1<<22+5, 2), supervisor.NoSuchProcess, "no such process")
	check("negative", one.move(t, -1, 2), supervisor.NoSuchProcess, "no such process")
	check("at home", one.move(t, pid, 0), supervisor.AlreadyThere, "already at home")
	check("unknown node", one.move(t, pid, 9), supervisor.UnknownNode, "unknown node 9")
	named := func(name string) *control.Result {
		return one.ask(t, control.Request{Verb: control.Migrate, PID: pid, Node: name, Wait: true})
	}
	check("unknown name", named("nowhere"), supervisor.UnknownNode, `no node is called "nowhere"`)
	check("node down", one.move(t, pid, 3), supervisor.Unreachable, "node 3")
	check("reasons", one.move(t, 1, 2), supervisor.CannotMove, "it is init")
	if r := one.ask(t, control.Request{Verb: control.Why, PID: 1}); r.Code != supervisor.CannotMove || len(r.Reasons) != 1 {
		t.Errorf("why: %+v", r)
	}
	cancel := func(pid int) *control.Result {
		return one.ask(t, control.Request{Verb: control.Cancel, PID: pid})
	}
	check("cancel", cancel(sleeper(t, 0).Process.Pid), supervisor.NotMoving, "not being moved")
	check("cancel of nobody", cancel(1<<22+5), supervisor.NoSuchProcess, "no such process")
	check("strategy", one.ask(t, control.Request{Verb: control.Migrate, PID: pid, To: 2, Strategy: "quick"}), control.BadRequest, `no strategy "quick"`)
	check("unknown verb", one.ask(t, control.Request{Verb: "dance"}), control.BadRequest, "unknown verb")

	lender.available.Store(64 << 20)
	check("memory", one.move(t, pid, 2), supervisor.NoMemory, "MiB")
	lender.available.Store(1 << 30)
	lender.lacks.Store(&[]string{"avx512f"})
	check("CPU", one.move(t, pid, 2), supervisor.LacksCPU, "avx512f")
	lender.lacks.Store(new([]string))
	two.stop()
	check("node stopped", one.move(t, pid, 2), supervisor.Unreachable, "node 2")
}

func TestALenderThatLendsNothing(t *testing.T) {
	one, _ := twoNodes(t, func(d *Daemon) {
		d.settings, _ = settings.Open(d.config.StateDir+"/s", settings.Values{Block: true, Yard: 1, Period: 1})
	})
	pid := sleeper(t, 0).Process.Pid
	if r := one.move(t, pid, 2); r.Code != supervisor.Refused || !strings.Contains(r.Text, "lends nothing") {
		t.Errorf("%+v", r)
	}
}

func TestStrangersGetNothing(t *testing.T) {
	_, two := twoNodes(t, nil)
	stranger, err := trust.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := stranger.Authority()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Issue(trust.Name{Node: 1, Role: trust.Daemon}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transport.Dial(t.Context(), transport.Way{Address: two.config.Listen}, nil, supervisor.Identity(leaf), trust.Daemon); err == nil {
		t.Error("a stranger was let in")
	}
	if _, err := transport.Dial(t.Context(), transport.Way{Address: two.config.Listen}, &supervisor.Session{1}, supervisor.Identity(leaf), trust.Guest); err == nil {
		t.Error("an unknown session was served")
	}
	waitFor(t, "two refusals counted", func() bool { return two.gate.RefusedCount() == 2 })
}

func TestStoppingTheHomeNodeEndsItsSupervisors(t *testing.T) {
	one, two := twoNodes(t, nil)
	pid := sleeper(t, 0).Process.Pid
	if r := one.move(t, pid, 2); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	one.stop()
	waitFor(t, "no guests left", func() bool { return len(two.guests.list()) == 0 })
	if _, err := one.client.Ask(t.Context(), control.Request{Verb: control.PS}, nil); err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("a stopped daemon: %v", err)
	}
}

func TestStoppingTheLenderSendsGuestsHome(t *testing.T) {
	one, two := twoNodes(t, nil)
	pid := sleeper(t, 0).Process.Pid
	if r := one.move(t, pid, 2); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	two.stop()
	waitFor(t, "nothing is away", func() bool { return one.away() == 0 })
}

func TestASupervisorThatDiesTakesOnlyItsOwnProcesses(t *testing.T) {
	one, _ := twoNodes(t, nil)
	a, b := sleeper(t, 0).Process.Pid, sleeper(t, 0).Process.Pid
	for _, pid := range []int{a, b} {
		if r := one.move(t, pid, 2); r.Code != "" {
			t.Fatalf("%+v", r)
		}
	}
	h, _, _ := one.homes.find(a)
	_ = h.child.signal(syscall.SIGKILL)
	waitFor(t, "the dead supervisor is forgotten", func() bool { _, _, held := one.homes.find(a); return !held })
	if _, p, held := one.homes.find(b); !held || p.Node != 2 {
		t.Errorf("the other process: held %v, %+v", held, p)
	}
	if r := one.move(t, a, 2); r.Code != "" {
		t.Errorf("moving again: %+v", r)
	}
}

func TestManyAskAtOnceForOneProcess(t *testing.T) {
	one, _ := twoNodes(t, nil)
	pid := sleeper(t, 0).Process.Pid
	results := make(chan *control.Result, 5)
	for range cap(results) {
		go func() {
			r, err := one.client.Ask(context.Background(), control.Request{Verb: control.Migrate, PID: pid, To: 2, Wait: true}, nil)
			if err != nil {
				t.Error(err)
			}
			results <- r
		}()
	}
	for range cap(results) {
		if r := <-results; r != nil && r.Code != "" && r.Code != supervisor.AlreadyThere {
			t.Errorf("%+v", r)
		}
	}
	if n := len(one.homes.list()); n != 1 {
		t.Errorf("%d home supervisors for one process", n)
	}
}

func TestAHangUpDoesNotStopAMove(t *testing.T) {
	one, _ := twoNodes(t, nil)
	pid := sleeper(t, 0).Process.Pid
	conn, err := net.Dial("unix", filepath.Join(one.config.RunDir, control.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, `{"verb":"migrate","pid":%d,"to":2,"wait":true}`+"\n", pid)
	conn.Close()
	waitFor(t, "the process is away", func() bool { return one.away() == 1 })
	if r := one.ask(t, control.Request{Verb: control.Migrate, PID: pid}); r.Code != "" || r.Text != "begun" {
		t.Errorf("without waiting: %+v", r)
	}
	waitFor(t, "the process is home", func() bool { return one.away() == 0 })
}

func TestPorts(t *testing.T) {
	if config.DefaultPort != transport.DefaultPort {
		t.Errorf("config says port %d, transport %d", config.DefaultPort, transport.DefaultPort)
	}
	if config.DefaultBeaconPort != discovery.DefaultPort {
		t.Errorf("config says port %d, discovery %d", config.DefaultBeaconPort, discovery.DefaultPort)
	}
}

func TestSlots(t *testing.T) {
	s := newSlots(1_950_000_000, 2, "/proc")
	a, errA := s.take(7, false)
	b, errB := s.take(7, false)
	if errA != nil || errB != nil || a == b {
		t.Fatalf("%d %v, %d %v", a, errA, b, errB)
	}
	if _, err := s.take(7, false); err == nil {
		t.Error("a third of two")
	}
	s.put(b)
	s.put(a)
	s.put(a)
	if c, err := s.take(7, false); err != nil || c != b {
		t.Errorf("%d, %v: want the one freed first", c, err)
	}
	if !s.owns(int(b)) || s.owns(1_950_000_002) || s.owns(0) {
		t.Error("owns is wrong")
	}
}

// TestSlotsAreShared: a node that wants all places leaves some for others, if there are others.
func TestSlotsAreShared(t *testing.T) {
	takes := func(s *slots, home int, several bool) (n int) {
		for {
			if _, err := s.take(home, several); err != nil {
				return n
			}
			n++
		}
	}
	s := newSlots(1_950_000_000, 10, "/proc")
	s.keep(1_950_000_009, 7) // of an earlier daemon's guest
	if n := takes(s, 7, true); n != 7 {
		t.Errorf("it has %d more, not 7", n)
	}
	if n := takes(s, 8, true); n != 2 {
		t.Errorf("another one has %d, not 2", n)
	}
	s.put(1_950_000_009)
	if _, err := s.take(7, true); err == nil {
		t.Error("what is free is for others")
	}
	if n := takes(newSlots(1_950_000_000, 10, "/proc"), 7, false); n != 10 {
		t.Errorf("it has %d of 10, and nobody else is there", n)
	}
}

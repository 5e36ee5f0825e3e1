package events

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/event"
	"openmosix/test/labtest"
)

const patience = 60 * time.Second

// follower is an openmosix events --json that goes on.
type follower struct{ out *labtest.Output }

func follow(ctx context.Context, t *testing.T, l *labtest.Lab, node int, flags ...string) *follower {
	t.Helper()
	f := &follower{out: &labtest.Output{}}
	c := l.Command(ctx, node, "/", append([]string{labtest.InNode, "events", "--json"}, flags...)...)
	c.Stdout, c.Stderr = f.out, f.out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Signal(os.Interrupt); _ = c.Wait() })
	return f
}

func (f *follower) events() []event.Event {
	var out []event.Event
	for line := range strings.Lines(f.out.String()) {
		var e event.Event
		if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &e) == nil {
			out = append(out, e)
		}
	}
	return out
}

// await waits until an event that suits has been told.
func (f *follower) await(t *testing.T, what string, suits func(event.Event) bool) event.Event {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		all := f.events()
		if i := slices.IndexFunc(all, suits); i >= 0 {
			return all[i]
		}
	}
	t.Fatalf("not told: %s\n%s", what, f.out.String())
	return event.Event{}
}

func moved(way event.Way, is event.Kind, pid int) func(event.Event) bool {
	return func(e event.Event) bool {
		m, ok := e.What.(*event.Move)
		return ok && e.Node == 1 && m.Is == is && m.Way == way && m.PID == pid
	}
}

func guest(node int, is event.Kind) func(event.Event) bool {
	return func(e event.Event) bool {
		g, ok := e.What.(*event.Guest)
		return ok && e.Node == node && g.Is == is && g.Home == 1
	}
}

// metrics reads a node's as curl would.
func metrics(ctx context.Context, t *testing.T, l *labtest.Lab, node int) map[string]float64 {
	t.Helper()
	page, err := l.Shell(ctx, node, `bash -c 'exec 3<>/dev/tcp/127.0.0.1/7780 && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3'`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for line := range strings.Lines(page) {
		i := strings.LastIndexByte(strings.TrimSpace(line), ' ')
		if !strings.HasPrefix(line, "openmosix_") || i < 0 {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(line[i:]), 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out[line[:i]] = value
	}
	if len(out) == 0 {
		t.Fatalf("no metrics:\n%s", page)
	}
	return out
}

// TestWhatHappensIsTold: a process that reads a file moves about, is refused,
// and a node leaves; who follows hears all of it, and the metrics agree.
func TestWhatHappensIsTold(t *testing.T) {
	l := labtest.UpFinding(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	all := follow(ctx, t, l, 1, "--all", "--since", "1h")
	only := follow(ctx, t, l, 2, "--node", "node1", "--kind", "moved,move-failed", "--since", "1h")
	for node := 1; node <= 3; node++ {
		all.await(t, fmt.Sprintf("the start of node %d", node), func(e event.Event) bool { return e.Node == node && e.What.Kind() == event.DaemonUp })
	}

	scratch := labtest.Scratch(t)
	file, pidFile := filepath.Join(scratch, "text"), filepath.Join(scratch, "pid")
	if err := os.WriteFile(file, []byte("text\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	program := l.Command(ctx, 1, "/", "/bin/sh", "-c", fmt.Sprintf("echo $$ > %s.new; mv %s.new %s; while read x < %s; do :; done", pidFile, pidFile, pidFile, file))
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill(); _ = program.Wait() })
	pid := 0
	for end := time.Now().Add(patience); pid == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if text, err := os.ReadFile(pidFile); err == nil {
			pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
	}
	move := func(to int, want labtest.Status) {
		t.Helper()
		if status, text := l.Migrate(ctx, 1, pid, to); status != want {
			t.Fatalf("migrate %d %s: %v, want %v: %s", pid, labtest.Destination(to), status, want, text)
		}
	}
	move(2, labtest.Moved)
	readsAway(ctx, t, l, 500)
	move(3, labtest.Moved)
	move(labtest.Home, labtest.Moved)
	for _, way := range []event.Way{event.Out, event.Onward, event.Home} {
		all.await(t, "the beginning of a move "+string(way), moved(way, event.MoveBegun, pid))
		m := all.await(t, "a move "+string(way), moved(way, event.Moved, pid)).What.(*event.Move)
		if m.Command != "sh" || m.Frozen <= 0 || m.Took < m.Frozen || m.Bytes == 0 {
			t.Errorf("%s: %+v", way, m)
		}
	}
	only.await(t, "the last move, on another node", moved(event.Home, event.Moved, pid))
	for _, e := range only.events() {
		if k := e.What.Kind(); k != event.Moved && k != event.MoveFailed {
			t.Errorf("%s was not asked for", e.Text())
		}
	}
	for _, node := range []int{2, 3} {
		all.await(t, fmt.Sprintf("a guest of node %d", node), guest(node, event.GuestTaken))
		all.await(t, fmt.Sprintf("the end of a guest of node %d", node), guest(node, event.GuestEnded))
	}

	shell(ctx, t, l, 2, labtest.InNode+" mosctl block")
	move(2, labtest.Refused)
	all.await(t, "the change of a setting", func(e event.Event) bool {
		s, ok := e.What.(*event.Settings)
		return ok && e.Node == 2 && s.Word == "block"
	})
	all.await(t, "the refusal, by node 2", guest(2, event.GuestRefused))
	all.await(t, "the refusal, by node 1", moved(event.Out, event.MoveFailed, pid))

	agree(ctx, t, l)

	// A program that is placed, and one that it becomes there.
	shell(ctx, t, l, 1, labtest.InNode+` mosrun -3 sh -c 'exec sleep 0.1'`)
	for way, from := range map[event.Way]int{event.Placed: 0, event.Exec: 3} {
		all.await(t, "a move "+string(way), func(e event.Event) bool {
			m, ok := e.What.(*event.Move)
			return ok && m.Is == event.Moved && m.Way == way && m.From == from && (way == event.Exec || m.Bytes > 0)
		})
	}

	daemon, err := l.Daemon(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	shell(ctx, t, l, 3, fmt.Sprintf("kill -TERM %d; while kill -0 %d 2>/dev/null; do sleep 0.05; done", daemon, daemon))
	all.await(t, "that node 3 ends, by itself", func(e event.Event) bool { return e.Node == 3 && e.What.Kind() == event.DaemonDown })
	all.await(t, "that node 3 has gone", func(e event.Event) bool {
		n, ok := e.What.(*event.Node)
		return ok && e.Node == 1 && n.Number == 3 && (n.Is == event.NodeLeft || n.Is == event.NodeGone)
	})
	before := len(all.events())
	again, err := l.StartDaemon(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Process.Kill(); _ = again.Wait() })
	late := func(e event.Event) bool { return e.Node == 3 && e.What.Kind() == event.DaemonUp }
	for end := time.Now().Add(patience); !slices.ContainsFunc(all.events()[before:], late); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the new daemon of node 3 is not heard:\n%s", all.out.String())
		}
	}
}

func shell(ctx context.Context, t *testing.T, l *labtest.Lab, node int, line string) string {
	t.Helper()
	out, err := l.Shell(ctx, node, line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const reads = `openmosix_forwarded_call_seconds_count{call="read"}`

// readsAway waits until the process has read so often away from home.
func readsAway(ctx context.Context, t *testing.T, l *labtest.Lab, many float64) {
	t.Helper()
	for end := time.Now().Add(patience); metrics(ctx, t, l, 1)[reads] < many; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%v reads away are counted, want %v", metrics(ctx, t, l, 1)[reads], many)
		}
	}
}

// agree compares the metrics with what was done.
func agree(ctx context.Context, t *testing.T, l *labtest.Lab) {
	t.Helper()
	m := metrics(ctx, t, l, 1)
	for name, want := range map[string]float64{
		`openmosix_nodes{state="up"}`:                         3,
		`openmosix_moves_total{kind="out",outcome="done"}`:    1,
		`openmosix_moves_total{kind="onward",outcome="done"}`: 1,
		`openmosix_moves_total{kind="home",outcome="done"}`:   1,
		`openmosix_moves_total{kind="out",outcome="failed"}`:  1,
		`openmosix_moves_total{kind="out",outcome="refused"}`: 0,
		`openmosix_freeze_seconds_count{kind="out"}`:          1,
		`openmosix_freeze_seconds_count{kind="onward"}`:       1,
		`openmosix_freeze_seconds_count{kind="home"}`:         1,
		`openmosix_away`:                                       0,
		`openmosix_moves_in_progress`:                          0,
		`openmosix_lost_total`:                                 0,
		`openmosix_strangers_refused_total`:                    0,
		`openmosix_events_total{kind="move-begun"}`:            4,
		`openmosix_forwarded_call_seconds_count{call="futex"}`: 0, // it runs where the process is
	} {
		if got := m[name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	// The supervisor has ended and its figures are kept. What was broken off by a
	// move may be counted on one side only.
	seen, done := m[reads], m[`openmosix_forwarded_call_home_seconds_count{call="read"}`]
	if seen < 500 || done < 0.9*seen || done > 1.1*seen {
		t.Errorf("%v reads as the process saw them, %v as home did them", seen, done)
	}
	away, home := m[`openmosix_forwarded_call_seconds_sum{call="read"}`], m[`openmosix_forwarded_call_home_seconds_sum{call="read"}`]
	if home <= 0 || away <= home {
		t.Errorf("reads took %v s as the process saw them, %v s at home", away, home)
	}
	if to, from := m[`openmosix_forwarded_call_bytes_total{call="read",direction="to_home"}`], m[`openmosix_forwarded_call_bytes_total{call="read",direction="from_home"}`]; to < 8*seen || from < 8*seen {
		t.Errorf("%v reads carried %v and %v bytes", seen, to, from)
	}
	for _, way := range []string{"out", "onward", "home"} {
		if m[`openmosix_move_bytes_total{kind="`+way+`"}`] < 4096 {
			t.Errorf("moves %s carried %v bytes", way, m[`openmosix_move_bytes_total{kind="`+way+`"}`])
		}
	}
	if m[`openmosix_freeze_seconds_sum{kind="out"}`] <= 0 {
		t.Error("it was not frozen at all")
	}
	t.Logf("a read takes %.0f us as the process sees it, %.0f us at home", away/seen*1e6, home/done*1e6)
	if lender := metrics(ctx, t, l, 2); lender[`openmosix_lending_total{outcome="taken"}`] != 1 || lender[`openmosix_lending_total{outcome="refused"}`] != 1 || lender[`openmosix_guests`] != 0 {
		t.Errorf("node 2 lent %v times and refused %v times", lender[`openmosix_lending_total{outcome="taken"}`], lender[`openmosix_lending_total{outcome="refused"}`])
	}
}

// TestEventsForPeople: lines, and an end after so many.
func TestEventsForPeople(t *testing.T) {
	l := labtest.Up(t, 1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	shell(ctx, t, l, 1, labtest.InNode+" mosctl setspeed 77")
	out, err := l.Command(ctx, 1, "/", labtest.InNode, "events", "--since", "1h", "--kind", "daemon-up,settings", "-n", "2").Output()
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err != nil || len(lines) != 2 || !bytes.Contains(lines[0], []byte(" node 1: the daemon (node1) is up at ")) || !bytes.HasSuffix(lines[1], []byte(" node 1: settings changed: setspeed 77")) {
		t.Errorf("%v: %s", err, out)
	}
}

package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

// ear is a client that follows.
type ear struct {
	mu    sync.Mutex
	heard []event.Event
	end   chan error
}

// listen follows until the test ends.
func (n *node) listen(t *testing.T, r control.Request) *ear {
	t.Helper()
	r.Verb = control.Events
	e := &ear{end: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result, err := n.client.Watch(ctx, r, func(one event.Event) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.heard = append(e.heard, one)
			return nil
		})
		if result != nil {
			err = errors.Join(err, fmt.Errorf("%s: %s", result.Code, result.Text))
		}
		e.end <- err
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return e
}

// of lists what was heard of a kind.
func (e *ear) of(k event.Kind) []event.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []event.Event
	for _, one := range e.heard {
		if one.What.Kind() == k {
			out = append(out, one)
		}
	}
	return out
}

func TestFollowingOneNode(t *testing.T) {
	one, two := twoNodes(t, nil)
	pid := sleeper(t, 0).Process.Pid
	past := one.listen(t, control.Request{Watch: &control.Watch{Since: time.Hour.Milliseconds()}})
	some := one.listen(t, control.Request{Watch: &control.Watch{Since: time.Hour.Milliseconds(), Kinds: []event.Kind{event.SettingsChanged}}})
	other := one.listen(t, control.Request{To: 2, Watch: &control.Watch{Since: time.Hour.Milliseconds()}})
	waitFor(t, "the start of both daemons", func() bool { return len(past.of(event.DaemonUp)) == 1 && len(other.of(event.DaemonUp)) == 1 })
	one.move(t, pid, 2)
	one.ask(t, control.Request{Verb: control.Admin, Word: "setspeed", Values: []int{77}})
	waitFor(t, "the setting", func() bool {
		return len(past.of(event.SettingsChanged)) == 1 && len(some.of(event.SettingsChanged)) == 1
	})
	waitFor(t, "the guest", func() bool { return len(other.of(event.GuestTaken)) == 1 })
	if e := other.of(event.GuestTaken)[0]; e.Node != 2 || e.What.(*event.Guest).Home != 1 || e.What.(*event.Guest).HomePID != 0 && e.What.(*event.Guest).HomePID != pid {
		t.Errorf("%+v", e)
	}
	some.mu.Lock()
	if len(some.heard) != 1 {
		t.Errorf("more than the wanted kind: %+v", some.heard)
	}
	some.mu.Unlock()
	if e := past.of(event.SettingsChanged)[0]; e.Seq == 0 || e.Node != 1 || fmt.Sprint(e.What.(*event.Settings).Values) != "[77]" {
		t.Errorf("%+v", e)
	}
	for r, want := range map[*control.Request]string{
		{To: 77}:         "unknown node 77",
		{Node: "nobody"}: "no node is called",
		{Watch: &control.Watch{Kinds: []event.Kind{"dance"}}}: "no kind of events",
	} {
		if err := <-one.listen(t, *r).end; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	_ = two
}

func TestFollowingAllThroughARestart(t *testing.T) {
	one, two := twoNodes(t, nil)
	all := one.listen(t, control.Request{Watch: &control.Watch{All: true, Since: time.Hour.Milliseconds()}})
	two.ask(t, control.Request{Verb: control.Admin, Word: "stay"})
	waitFor(t, "the other node's setting", func() bool {
		e := all.of(event.SettingsChanged)
		return len(e) == 1 && e[0].Node == 2
	})
	waitFor(t, "silence of the node that was never there", func() bool {
		e := all.of(event.Silent)
		return len(e) == 1 && e[0].What.(*event.Silence).Of == 3
	})
	two.stop()
	waitFor(t, "silence of node 2", func() bool {
		e := all.of(event.Silent)
		return len(e) == 2 && e[1].What.(*event.Silence).Of == 2 && len(all.of(event.DaemonDown)) == 1
	})
	again, err := New(two.config, two.keys, two.judge, two.machine, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- again.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	waitFor(t, "node 2 is heard again", func() bool {
		e := all.of(event.Heard)
		return len(e) == 1 && e[0].What.(*event.Silence).Restarted
	})
	waitFor(t, "what it says of itself", func() bool { return len(all.of(event.DaemonUp)) == 3 })
	if missed := all.of(event.Missed); len(missed) > 0 {
		t.Errorf("%+v", missed)
	}
}

// TestASlowFollower does not read while more happens than is remembered.
func TestASlowFollower(t *testing.T) {
	one, _ := twoNodes(t, nil)
	reading, release := make(chan struct{}), make(chan struct{})
	var heard, missed uint64
	done := make(chan struct{})
	go func() {
		defer close(done)
		first := true
		_, _ = one.client.Watch(t.Context(), control.Request{Verb: control.Events, Watch: &control.Watch{Since: time.Hour.Milliseconds()}}, func(e event.Event) error {
			if first {
				first = false
				close(reading)
				<-release
			}
			switch w := e.What.(type) {
			case *event.Gap:
				missed += w.Count
			case *event.Settings:
				heard++
				if w.Word == "last" {
					return errors.New("enough")
				}
			}
			return nil
		})
	}()
	<-reading
	const many = 20 * remembered
	long := strings.Repeat("x", 200) // what is under way in the socket is few
	begun := time.Now()
	for range many - 1 {
		one.feed.Put(func(n uint64) told {
			return told{event: event.Event{Seq: n, Time: begun, Node: 1, What: &event.Settings{Word: long}}}
		})
	}
	one.happened(&event.Settings{Word: "last"})
	close(release)
	<-done
	if heard+missed != many || missed == 0 || heard < remembered {
		t.Errorf("%d heard, %d missed of %d", heard, missed, many)
	}
}

// TestWhatOtherNodesAreTold: no more than a process's disclosure allows.
func TestWhatOtherNodesAreTold(t *testing.T) {
	one, two := twoNodes(t, nil)
	near, far := one.listen(t, control.Request{}), two.listen(t, control.Request{To: 1})
	open, closed := sleeper(t, 0).Process.Pid, sleeper(t, 0).Process.Pid
	for pid, level := range map[int]int{open: policy.TellCommand, closed: policy.TellNothing} {
		if r := one.ask(t, control.Request{Verb: control.Policy, PID: pid, Change: &policy.Change{Disclosure: &level}}); r.Code != "" {
			t.Fatalf("%+v", r)
		}
	}
	tell := func(pid int) {
		one.happenedTo(&event.Move{Is: event.Moved, Way: event.Out, PID: pid, Command: "sleep", To: 2}, one.disclosure(pid))
	}
	waitFor(t, "both to follow", func() bool {
		tell(open)
		return len(near.of(event.Moved)) > 0 && len(far.of(event.Moved)) > 0
	})
	tell(closed)
	tell(open)
	for name, c := range map[string]struct {
		who  *ear
		want string
	}{"near": {near, fmt.Sprintf("%d sleep, %d sleep", closed, open)}, "far": {far, fmt.Sprintf("0 , %d sleep", open)}} {
		said := func() string {
			var words []string
			for _, e := range c.who.of(event.Moved) {
				m := e.What.(*event.Move)
				words = append(words, fmt.Sprintf("%d %s", m.PID, m.Command))
			}
			return strings.Join(words, ", ")
		}
		waitFor(t, name+" hears "+c.want, func() bool { return strings.HasSuffix(said(), c.want) })
	}
}

func TestAnEventIsALineOfTheLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	logEvent(log, event.Event{What: &event.Move{Is: event.MoveBegun, PID: 3}}) // for who debugs
	logEvent(log, event.Event{What: &event.Move{Is: event.MoveFailed, Way: event.Home, PID: 3, Command: "sleep", From: 2, Code: "unreachable", Reason: "no answer"}})
	_, got, _ := strings.Cut(strings.TrimSpace(out.String()), " ")
	want := `level=WARN msg="move failed" event=move-failed move=home pid=3 command=sleep from=2 to=0 code=unreachable reason="no answer"`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func read(t *testing.T, address string) string {
	t.Helper()
	var answer *http.Response
	waitFor(t, "metrics", func() (read bool) {
		var err error
		answer, err = http.Get("http://" + address + "/metrics")
		return err == nil
	})
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMetricsOfMoves(t *testing.T) {
	address := freeAddresses(t, 1)[0]
	one, _ := twoNodes(t, func(d *Daemon) {
		d.config.Metrics = ""
		if d.config.Number == 1 {
			d.config.Metrics = address
		}
	})
	pid := sleeper(t, 0).Process.Pid
	if r := one.move(t, pid, 2); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	_ = one.ask(t, control.Request{Verb: control.Admin, Word: "lstay"})
	if r := one.move(t, sleeper(t, 0).Process.Pid, 2); r.Code == "" {
		t.Fatal("it left")
	}
	page := read(t, address)
	for _, line := range []string{
		`openmosix_moves_total{kind="out",outcome="done"} 1`,
		`openmosix_moves_total{kind="out",outcome="refused"} 1`,
		`openmosix_freeze_seconds_count{kind="out"} 1`,
		`openmosix_freeze_seconds_sum{kind="out"} 0.001234`,
		`openmosix_move_bytes_total{kind="out"} 5`,
		`openmosix_away 1`,
		`openmosix_nodes{state="unheard"} 2`,
		`openmosix_nodes{state="up"} 1`,
		`openmosix_forwarded_call_seconds_count{call="read"} 4`,
		`openmosix_forwarded_call_home_seconds_count{call="read"} 3`,
	} {
		if !strings.Contains(page, "\n"+line+"\n") {
			t.Errorf("not there: %s", line)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
	// A supervisor that ends takes nothing with it.
	if r := one.move(t, pid, 0); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	waitFor(t, "the supervisor's end", func() bool { return len(one.homes.list()) == 0 })
	if page := read(t, address); !strings.Contains(page, `openmosix_forwarded_call_seconds_count{call="read"} 4`) || !strings.Contains(page, "openmosix_away 0") {
		t.Errorf("after the end:\n%s", page)
	}
}

// TestMetricsAddressTaken: a node without metrics is a node.
func TestMetricsAddressTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	one, _ := twoNodes(t, func(d *Daemon) { d.config.Metrics = l.Addr().String() })
	if r := one.ask(t, control.Request{Verb: control.Status}); r.Status == nil {
		t.Errorf("%+v", r)
	}
}

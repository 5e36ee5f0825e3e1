package event

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/events.golden")

// samples has one event of each kind, in the order of the table.
func samples() []Event {
	whats := []What{
		&Daemon{Is: DaemonUp, Name: "one", Address: "[::]:7779", Cluster: "ab12"},
		&Daemon{Is: DaemonDown, Name: "one"},
		&Node{Is: NodeUp, Number: 2, Name: "two", Address: "10.0.0.2:7779"},
		&Node{Is: NodeLeft, Number: 2, Name: "two", Address: "10.0.0.2:7779"},
		&Node{Is: NodeGone, Number: 2, Name: "two", Address: "10.0.0.2:7779", Reason: "it reaches others"},
		&Node{Is: NumberTaken, Number: 2, Name: "thief", Address: "10.0.0.9:7779", First: "10.0.0.2:7779"},
		&Move{Is: MoveBegun, Way: Out, PID: 4242, Command: "python3", To: 2},
		&Move{Is: Moved, Way: Onward, PID: 4242, Command: "python3", From: 2, To: 3, Frozen: 12345, Took: 2345678, Bytes: 43_300_000},
		&Move{Is: MoveFailed, Way: Home, PID: 4242, Command: "a\x1b[2Jb", From: 3, Why: "it does what only home can do", Took: 99, Code: "unreachable", Reason: "no answer"},
		&Move{Is: MoveRefused, Way: Out, PID: 1, To: 2, Code: "cannot-move", Reason: "it is init"},
		&Loss{PID: 7, From: 2, Reason: "the connection was lost"},
		&Link{Is: LinkBroken, To: 2, Reason: "connection reset by peer"},
		&Link{Is: LinkMended, To: 2, Took: 1234567},
		&Guest{Is: GuestTaken, Home: 1, HomePID: 4242, Command: "python3"},
		&Guest{Is: GuestEnded, Home: 1, HomePID: 4242},
		&Guest{Is: GuestRefused, Home: 1, HomePID: 4242, Code: "refused", Reason: "lends nothing"},
		&Settings{Word: "setdecay", Values: []int{1, 2, 3}},
		&Reload{Is: Reloaded, Applied: []string{"log"}, Restart: []string{"listen"}},
		&Reload{Is: ReloadFailed, Reason: "line 3: unknown setting"},
		&Key{Cluster: "ab12", Keys: 2},
		&Sweep{Is: Expelled, Moved: 3, Stayed: 1},
		&Sweep{Is: Brought, Moved: 2},
		&Stranger{Address: "10.9.9.9", By: "packet", Reason: "sealed by another key"},
		&Gap{Count: 17},
		&Silence{Is: Silent, Of: 2, Reason: "connection refused"},
		&Silence{Is: Heard, Of: 2, Restarted: true},
	}
	var out []Event
	for i, w := range whats {
		out = append(out, Event{Seq: uint64(i + 1), Time: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Node: 1, What: w})
	}
	return out
}

func TestForms(t *testing.T) {
	var b strings.Builder
	for i, e := range samples() {
		if k := Kinds()[i].Kind; e.What.Kind() != k {
			t.Fatalf("sample %d is of kind %s, the table has %s", i, e.What.Kind(), k)
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(string(text) + "\n" + e.Text() + "\n")
		var back Event
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%s: comes back as %+v, %v", text, back, err)
		}
		// The names of a log's fields are those of JSON.
		var fields map[string]any
		_ = json.Unmarshal(text, &fields)
		if got := len(e.Fields()) + 4; got != len(fields) {
			t.Errorf("%s: %d fields: %v", text, got, e.Fields())
		}
		for _, f := range e.Fields() {
			if _, ok := fields[f.Name]; !ok {
				t.Errorf("%s: %s is not in JSON", text, f.Name)
			}
		}
	}
	if len(samples()) != len(Kinds()) {
		t.Errorf("%d samples, %d kinds", len(samples()), len(Kinds()))
	}
	const golden = "testdata/events.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("go test -update shows the difference:\n%s", b.String())
	}
}

func TestAnotherVersionsKind(t *testing.T) {
	const text = `{"seq":3,"time":"2026-01-02T03:04:05Z","node":4,"kind":"balanced","gain":0.5}`
	var e Event
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	if back, err := json.Marshal(e); err != nil || string(back) != text {
		t.Errorf("%s, %v", back, err)
	}
	if Known(e.What.Kind()) || !strings.Contains(e.Text(), "balanced map[gain:0.5]") || RowOf("balanced").Title != "balanced" {
		t.Error(e.Text())
	}
	if _, err := json.Marshal(Event{}); err == nil {
		t.Error("nothing is an event")
	}
}

func TestDisclosure(t *testing.T) {
	move := Event{What: &Move{Is: Moved, PID: 3, Command: "secret", Why: "open of /secret", Frozen: 1}}
	for _, c := range []struct {
		d    Disclosure
		want Move
	}{
		{Disclosure{}, Move{Is: Moved, Frozen: 1}},
		{Disclosure{PID: true}, Move{Is: Moved, PID: 3, Frozen: 1}},
		{Disclosure{PID: true, Command: true}, Move{Is: Moved, PID: 3, Command: "secret", Why: "open of /secret", Frozen: 1}},
	} {
		if got := *move.For(2, c.d).What.(*Move); got != c.want {
			t.Errorf("%+v: %+v", c.d, got)
		}
	}
	if m := move.What.(*Move); m.PID != 3 || m.Command != "secret" {
		t.Error("the event itself has changed")
	}
	guest := Event{What: &Guest{Is: GuestTaken, Home: 1, HomePID: 5, Command: "secret"}}
	if got := *guest.For(1, Disclosure{}).What.(*Guest); got.Command != "secret" {
		t.Errorf("its own home is told less: %+v", got)
	}
	if got := *guest.For(2, Disclosure{PID: true, Command: true}).What.(*Guest); got != (Guest{Is: GuestTaken, Home: 1}) {
		t.Errorf("a third node is told %+v", got)
	}
}

func TestLevels(t *testing.T) {
	for _, code := range []string{"no-such-process", "ended-meanwhile"} {
		if got := (Event{What: &Move{Is: MoveFailed, Way: Out, Code: code}}).Level(); got != Info {
			t.Errorf("%s: a process that ended while it was moved is told of at level %d", code, got)
		}
	}
	for way, want := range map[Way]Level{Out: Warn, Home: Warn, Exec: Debug, Placed: Debug} {
		if got := (Event{What: &Move{Is: MoveFailed, Way: way}}).Level(); got != want {
			t.Errorf("%s: %d, want %d", way, got, want)
		}
	}
	if got := (Event{What: &Move{Is: Moved, Way: Placed, PID: 3, To: 2, Took: 2000, Bytes: 3}}).Line(); got != "process 3 begins on node 2: 3 bytes in 2ms" {
		t.Error(got)
	}
}

func TestWays(t *testing.T) {
	for want, c := range map[Way][2]int{Out: {0, 2}, Onward: {2, 3}, Home: {2, 0}} {
		if got := WayOf(c[0], c[1], false); got != want {
			t.Errorf("%v: %s, want %s", c, got, want)
		}
	}
	if WayOf(2, 0, true) != Exec {
		t.Error("exec")
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range samples() {
		text, _ := json.Marshal(e)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var e Event
		if json.Unmarshal(text, &e) != nil {
			return
		}
		if strings.ContainsAny(e.Text(), "\x1b\n\r") {
			t.Errorf("%q does something to a terminal", e.Text())
		}
		e.Fields()
		if _, err := json.Marshal(e.For(2, Disclosure{})); err != nil {
			t.Error(err)
		}
	})
}

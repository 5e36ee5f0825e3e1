package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/metrics"
)

func TestEvents(t *testing.T) {
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var asked control.Request
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		asked = r
		if r.To == 9 {
			return control.Result{Code: supervisor.UnknownNode, Text: "unknown node 9"}
		}
		return control.Result{Stream: func(ctx context.Context, tell func(event.Event) error) control.Result {
			for i := range 3 {
				e := event.Event{Seq: uint64(i + 1), Time: begun, Node: 1, What: &event.Node{Is: event.NodeUp, Number: i + 2, Address: "a"}}
				if i == 1 {
					e = event.Event{Time: begun, Node: 1, What: &event.Gap{Count: 5}}
				}
				if tell(e) != nil {
					break
				}
			}
			<-ctx.Done()
			return control.Result{}
		}}
	})
	got := run(programName, "events", "--run-dir", dir, "--since", "10m", "--kind", "node-up,node-gone", "--node", "two", "-n", "2")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.code != 0 || len(lines) != 3 || !strings.HasSuffix(lines[1], " node 1: 5 events are missing here") || !strings.HasSuffix(lines[2], "node 4 is there, at a") {
		t.Errorf("%+v", got)
	}
	if w := asked.Watch; w == nil || w.Since != 600_000 || fmt.Sprint(w.Kinds) != "[node-up node-gone]" || asked.Node != "two" || w.All {
		t.Errorf("asked for %+v", asked)
	}
	got = run(programName, "events", "--run-dir", dir, "--json", "--all", "-n", "1")
	var e event.Event
	if err := json.Unmarshal([]byte(got.out), &e); err != nil || e.Seq != 1 || !e.Time.Equal(begun) || !asked.Watch.All {
		t.Errorf("%+v, %v", got, err)
	}
	if got = run(programName, "events", "--run-dir", dir, "--node", "9"); got.code != ExitUnknownNode || !strings.Contains(got.errOut, "unknown node 9") {
		t.Errorf("%+v", got)
	}
	got = run(programName, "events", "--run-dir", dir, "--since", "10m", "--past") // which would wait for ever
	if got.code != 0 || strings.Count(got.out, "\n") != 3 {
		t.Errorf("%+v", got)
	}
	for _, line := range []string{"--past", "--kind dance", "--all --node 2", "--since -1s", "--since long", "-n -1", "x", "--node 0"} {
		if got := run(programName, append([]string{"events", "--run-dir", dir}, strings.Fields(line)...)...); got.code != ExitUsage {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if got := run(programName, "events", "--run-dir", "/nowhere"); got.code != ExitNotRunning {
		t.Errorf("%+v", got)
	}
	if got := run(programName, "events", "--kind", "list"); got.code != 0 || strings.Count(got.out, "\n") != len(event.Kinds()) {
		t.Errorf("%+v", got)
	}
}

// TestEventsAndMetricsAreDocumented: the pages have a paragraph for each kind
// and each metric, and no others.
func TestEventsAndMetricsAreDocumented(t *testing.T) {
	plain := func(page string) string {
		text, err := fs.ReadFile(pages, page)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), `\-`, "-")
	}
	heads := map[string]bool{} // words in bold after .TP
	for _, part := range strings.Split(plain("openmosix-events.1"), "\n.TP\n")[1:] {
		line, _, _ := strings.Cut(part, "\n")
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(` ",`, r) }) {
			heads[word] = true
		}
	}
	for _, k := range event.Kinds() {
		if !heads[string(k.Kind)] {
			t.Errorf("openmosix-events.1 does not explain %s", k.Kind)
		}
	}
	page := plain("openmosix-metrics.7")
	for _, m := range metrics.Table() {
		head := "\n.B " + m.Name + "\n" + m.Type
		if len(m.Labels) > 0 {
			head += " {" + strings.Join(m.Labels, ", ") + "}"
		}
		if !strings.Contains(page, head+": ") {
			t.Errorf("openmosix-metrics.7 does not explain %s, %s %v", m.Name, m.Type, m.Labels)
		}
	}
	if n := strings.Count(page, "\n.B openmosix_"); n != len(metrics.Table()) {
		t.Errorf("openmosix-metrics.7 explains %d metrics, there are %d", n, len(metrics.Table()))
	}
}

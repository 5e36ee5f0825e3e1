package cli

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func TestMigrateCancel(t *testing.T) {
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.Verb != control.Cancel || r.To != 0 {
			t.Errorf("%+v", r)
		}
		if r.PID == 2 {
			return control.Result{Code: supervisor.NotMoving, Text: "it is not being moved"}
		}
		return control.Result{}
	})
	if got := run("migrate", "--run-dir", dir, "--cancel", "1", "2"); got != (outcome{ExitNotMoving, "", "migrate: 2: it is not being moved\n"}) {
		t.Errorf("%+v", got)
	}
	if got := run("migrate", "--run-dir", dir, "--cancel"); got.code != ExitUsage {
		t.Errorf("%+v", got)
	}
	if got := run("migrate", "--run-dir", dir, "--cancel", "1", "home"); got.code != ExitUsage {
		t.Errorf("%+v", got)
	}
}

func TestMigrateStrategy(t *testing.T) {
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.Strategy != supervisor.PostCopy {
			t.Errorf("%+v", r)
		}
		return control.Result{}
	})
	if got := run("migrate", "--run-dir", dir, "--strategy", "postcopy", "1", "2"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := run("migrate", "--run-dir", dir, "--strategy", "quickly", "1", "2"); got.code != ExitUsage {
		t.Errorf("%+v", got)
	}
}

// A move that goes on has a column of its own.
func TestMPSShowsMoves(t *testing.T) {
	own := os.Getpid()
	dir := fakeDaemon(t, func(control.Request) control.Result {
		return control.Result{Node: 5, Procs: []control.Proc{{PID: own, Node: 2, State: "running", Phase: "fetch", Done: 5 << 20, Total: 8 << 20}}}
	})
	for _, flags := range [][]string{nil, {"-l"}} {
		got := run("mps", append(flags, "--run-dir", dir, strconv.Itoa(own))...)
		if !strings.Contains(got.out, "MOVE") || !strings.Contains(got.out, " fetch 62% ") {
			t.Errorf("%q: %+v", flags, got)
		}
	}
	var rows []psRow
	if got := run("mps", "--run-dir", dir, "--json", strconv.Itoa(own)); json.Unmarshal([]byte(got.out), &rows) != nil || rows[0].Move == nil || rows[0].Move.Done != 5<<20 {
		t.Errorf("%+v", got)
	}
}

package cli

import (
	"encoding/json"
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func TestMigrateExitStatuses(t *testing.T) {
	for code, want := range map[supervisor.Code]int{
		"": 0, supervisor.Internal: 1, control.BadRequest: 1, supervisor.NoSuchProcess: 3, control.NotPermitted: 4,
		supervisor.CannotMove: 5, supervisor.AlreadyThere: 6, supervisor.UnknownNode: 7, supervisor.Refused: 8,
		supervisor.NoMemory: 9, supervisor.Unreachable: 10, control.Ended: 12, supervisor.Busy: 13,
		supervisor.Cancelled: 14, supervisor.NotMoving: 15, "new": 1,
	} {
		dir := fakeDaemon(t, func(r control.Request) control.Result {
			if r.Verb != control.Migrate || r.PID != 42 || r.To != 3 || !r.Wait {
				t.Errorf("%+v", r)
			}
			return control.Result{Code: code, Text: "because " + string(code)}
		})
		got := run("migrate", "--run-dir", dir, "42", "3")
		if got.code != want || got.out != "" {
			t.Errorf("%q: %+v, want status %d", code, got, want)
		}
		line := ""
		if code != "" {
			line = "migrate: 42: because " + string(code) + "\n"
		}
		if got.errOut != line {
			t.Errorf("%q: printed %q, want %q", code, got.errOut, line)
		}
	}
}

func TestMigrateBalance(t *testing.T) {
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.Verb != control.Migrate || r.PID != 42 || !r.Balance || r.To != 0 || r.Node != "" {
			t.Errorf("%+v", r)
		}
		return control.Result{Code: supervisor.AlreadyThere, Text: "it runs best there"}
	})
	if got := run("migrate", "--run-dir", dir, "42", "balance"); got != (outcome{ExitAlreadyThere, "", "migrate: 42: it runs best there\n"}) {
		t.Errorf("%+v", got)
	}
}

// The node that was chosen is told, with the reason.
func TestMigrateBalanceTellsWhy(t *testing.T) {
	dir := fakeDaemon(t, func(control.Request) control.Result {
		return control.Result{Node: 3, Micros: 5, Balance: &control.Balance{To: 3, Gain: 4.5, Text: "balance: it costs less there"}}
	})
	if got := run("migrate", "--run-dir", dir, "42", "balance"); got != (outcome{0, "42: node 3: balance: it costs less there\n", ""}) {
		t.Errorf("%+v", got)
	}
	var outcomes []moved
	got := run("migrate", "--run-dir", dir, "--json", "42", "balance")
	if err := json.Unmarshal([]byte(got.out), &outcomes); err != nil || len(outcomes) != 1 || outcomes[0].Balance == nil || outcomes[0].Balance.Gain != 4.5 {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestMigrateSeveral(t *testing.T) {
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.PID == 2 {
			return control.Result{Code: supervisor.CannotMove, Reasons: []control.Reason{{Code: "zombie", Text: "It has ended."}, {Code: "x", Text: "It is x."}}}
		}
		return control.Result{Micros: 7}
	})
	got := run("migrate", "--run-dir", dir, "--json", "1", "2", "3", "home")
	var outcomes []moved
	if err := json.Unmarshal([]byte(got.out), &outcomes); err != nil || len(outcomes) != 3 {
		t.Fatalf("%v: %q", err, got.out)
	}
	if got.code != ExitCannotMove || outcomes[2].Frozen != 7 || len(outcomes[1].Reasons) != 2 {
		t.Errorf("%+v", got)
	}
	if want := "migrate: 2: cannot move: It has ended. It is x. (`why 2` says more)\n"; got.errOut != want {
		t.Errorf("printed %q, want %q", got.errOut, want)
	}
}

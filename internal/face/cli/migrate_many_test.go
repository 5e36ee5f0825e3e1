package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func TestMigrateMany(t *testing.T) {
	asked := map[int]bool{}
	code := supervisor.CannotMove
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.Verb == control.Migrate {
			asked[r.PID] = true
			if r.PID == os.Getppid() {
				return control.Result{Node: r.To}
			}
			return control.Result{Code: code, Text: "because"}
		}
		return control.Result{}
	})
	got := run("migrate", "--run-dir", dir, "--all", "2")
	if got.code != 0 || !strings.HasPrefix(got.out, "1 moved, ") || !strings.HasSuffix(got.out, " 0 failed\n") || got.errOut != "" {
		t.Errorf("%+v", got)
	}
	if asked[os.Getpid()] || !asked[os.Getppid()] {
		t.Errorf("asked for %v", asked)
	}
	clear(asked)
	got = run("migrate", "--run-dir", dir, "--json", "-g", fmt.Sprint(syscall.Getpgrp()), "-u", fmt.Sprint(os.Geteuid()), "2")
	var outcomes []moved
	if err := json.Unmarshal([]byte(got.out), &outcomes); err != nil || got.code != 0 || len(outcomes) != len(asked) {
		t.Errorf("%v %+v", err, got)
	}
	// A process that is named has to move.
	if got := run("migrate", "--run-dir", dir, "-g", "2147483647", "999999", "2"); got.code != ExitCannotMove || got.errOut == "" {
		t.Errorf("%+v", got)
	}
	code = supervisor.Unreachable
	if got := run("migrate", "--run-dir", dir, "--all", "2"); got.code != ExitUnreachable {
		t.Errorf("%+v", got)
	}
	for line, want := range map[string]int{"2": ExitUsage, "-u nobody-at-all 2": ExitUsage, "-g -5 2": ExitUsage} {
		if got := run("migrate", append([]string{"--run-dir", dir}, strings.Fields(line)...)...); got.code != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

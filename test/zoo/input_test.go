package zoo

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// TestBadInput gives migrate what it cannot do: one clear line, a stable exit
// status, and nothing changed.
func TestBadInput(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := lab.Session(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	pid, _, err := session.Run("sleep 50 >/dev/null & echo $!", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, args string
		want       labtest.Status
	}{
		{"no such process", "3999999 2", labtest.NoSuchProcess},
		{"a pid that is none", "twelve 2", labtest.BadUsage},
		{"a negative pid", "-- -1 2", labtest.BadUsage},
		{"pid 0", "0 2", labtest.BadUsage},
		{"a node that is none", pid + " nowhere", labtest.BadUsage},
		{"no node", pid, labtest.BadUsage},
		{"nothing at all", "", labtest.BadUsage},
		{"unknown node", pid + " 61", labtest.UnknownNode},
		{"already home", pid + " home", labtest.AlreadyThere},
		{"already at its own node", pid + " 1", labtest.AlreadyThere},
		{"the init", "1 2", labtest.CannotMove},
	} {
		text, code, err := session.Run(labtest.InNode+" migrate "+c.args, 15*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if labtest.Status(code) != c.want {
			t.Errorf("%s: migrate gives %v, not %v: %s", c.name, labtest.Status(code), c.want, text)
		}
		// Reasons may follow, each on a line of its own; usage errors may show the usage.
		if line, _, _ := strings.Cut(text, "\n"); !strings.Contains(line, ": ") {
			t.Errorf("%s: the first line says too little: %q", c.name, line)
		}
	}
	if out, code, err := session.Run("kill -0 "+pid+" && kill "+pid, 5*time.Second); err != nil || code != 0 {
		t.Errorf("the process has come to harm: %s %v", out, err)
	}
	// Another user's process is not mine to move.
	out, err := exec.CommandContext(ctx, "id", "-u", "nobody").Output()
	if err != nil {
		t.Skip("no user nobody")
	}
	text, code, err := session.Run("setpriv --reuid "+strings.TrimSpace(string(out))+" --clear-groups "+labtest.InNode+" migrate $$ 2", 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if labtest.Status(code) != labtest.NotPermitted {
		t.Errorf("nobody moves root's shell: %v: %s", labtest.Status(code), text)
	}
}

// TestHops moves one program many times in a row.
func TestHops(t *testing.T) {
	hops := 100
	if testing.Short() {
		hops = 30
	}
	lab := labtest.Up(t, 3)
	for _, p := range programs(t) {
		if p.Name != "pipe_data" {
			continue
		}
		argv, dir, stop := prepare(t, p, labtest.Scratch(t))
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		argv = append([]string{"env", "ZOO_SECONDS=110"}, argv[1:]...)
		r := start(t, lab.Command(ctx, 1, dir, argv...), stop, 2*time.Minute)
		pid, ok := r.untilReady()
		if !ok {
			return
		}
		defer func() {
			if t.Failed() {
				lab.Kill(1, pid)
			}
		}()
		for i := range hops {
			if _, ok := r.step(ctx, lab, pid, []int{2, 3, labtest.Home}[i%3], []labtest.Status{labtest.Moved}); !ok {
				t.Fatalf("after %d hops", i)
			}
		}
		r.finish()
	}
}

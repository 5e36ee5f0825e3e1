package hostile

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// What stands on the lender for a guest, seen from outside: an empty root, nothing
// open that leads out of it, no capability but that to choose ids, a filter, and
// a control group.
func TestGuestIsSecluded(t *testing.T) {
	lab := labtest.Up(t, 2)
	dir := labtest.Scratch(t)
	program := build(t, dir)
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	goFile := filepath.Join(dir, "go")
	cmd := lab.Command(ctx, home, "/", program, "files", goFile)
	out := &labtest.Output{}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for end := time.Now().Add(patience); pid == 0 && time.Now().Before(end); time.Sleep(pause) {
		line, _, _ := strings.Cut(out.String(), "\n")
		pid, _ = strconv.Atoi(strings.TrimPrefix(line, "ready "))
	}
	if status, what := lab.Migrate(ctx, home, pid, lender); status != labtest.Moved {
		t.Fatalf("migrate: %v: %s", status, what)
	}
	// Of each process whose root has no name any more: what is in that, its
	// capabilities, its kind of filter, its groups, and what it has open.
	said := run(t, lab, lender, `for d in /proc/[0-9]*; do case "$(readlink $d/root)" in */empty-*deleted*) ;; *) continue;; esac
		echo "process $(ls -A $d/root 2>/dev/null | wc -l) $(grep -E 'CapEff|Seccomp:' $d/status | cut -f2 | tr '\n' ' ') $(grep -v :/$ $d/cgroup | tr '\n' ',')"
		for f in $d/fd/*; do readlink $f | sed 's/^/open /'; done; done`)
	bodies, inits := 0, 0
	for line := range strings.Lines(said) {
		f := strings.Fields(line)
		switch {
		case f[0] == "open":
			if at := f[1]; at != os.DevNull && at != "/proc/sys/kernel/ns_last_pid" && !strings.HasPrefix(at, "socket:") && !strings.HasPrefix(at, "anon_inode:") {
				t.Errorf("it has open %s", at)
			}
		case len(f) != 5 || f[1] != "0":
			t.Errorf("a process of the guest's: %s", line)
		case f[2] == "0000000000000000" && f[3] == "2":
			bodies++
		case f[2] == "0000010000000000":
			inits++
		default:
			t.Errorf("a process of the guest's: %s", line)
		}
		if f[0] == "process" && len(f) == 5 && !grouped(f[4]) && !strings.Contains(run(t, lab, lender, labtest.InNode+" status"), "no control group") {
			t.Errorf("it is in no control group: %s", line)
		}
	}
	if bodies != 1 || inits != 1 {
		t.Errorf("%d bodies and %d inits:\n%s", bodies, inits, said)
	}
	if status := run(t, lab, lender, labtest.InNode+" status"); !strings.Contains(status, "an empty root") || !strings.Contains(status, "Landlock") {
		t.Errorf("mosctl status does not tell of it:\n%s", status)
	}
	if err := os.WriteFile(goFile, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "done") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// grouped tells whether a process is in groups of its session: what limits memory
// and processes.
func grouped(cgroup string) bool {
	unified := strings.Contains(cgroup, "0::")
	return unified || strings.Contains(cgroup, ":memory:") && strings.Contains(cgroup, ":pids:")
}

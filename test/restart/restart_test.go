// Package restart kills node daemons under processes that are away: the
// processes do not notice, and the daemons' successors find them again.
package restart

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// shell gives one line to a node and returns what it says.
func shell(t *testing.T, lab *labtest.Lab, node int, line string) string {
	t.Helper()
	out, err := lab.Shell(context.Background(), node, line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// restart kills a node's daemon and starts another.
func restart(t *testing.T, ctx context.Context, lab *labtest.Lab, node int) *exec.Cmd {
	t.Helper()
	old, err := lab.Daemon(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	shell(t, lab, node, "kill -9 "+strconv.Itoa(old))
	daemon, err := lab.StartDaemon(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	return daemon
}

func TestDaemonsMayDie(t *testing.T) {
	lab := labtest.Up(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	program := lab.Command(ctx, 1, "/", "/bin/sh", "-c", "i=0; while [ $i -lt 100000000 ]; do i=$((i+1)); done; echo $i")
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Process.Kill(); _ = program.Wait() }()
	var pid int
	for range 1000 {
		text := shell(t, lab, 1, "pgrep -f 10000000[0] | head -1 || true")
		if pid, _ = strconv.Atoi(text); pid > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if pid == 0 {
		t.Fatal("the program does not start")
	}
	move := func(to int) {
		t.Helper()
		if status, text := lab.Migrate(ctx, 1, pid, to); status != labtest.Moved {
			t.Fatalf("migrate %d %s: %v: %s", pid, labtest.Destination(to), status, text)
		}
	}
	at := func(want int) {
		t.Helper()
		if node, err := lab.Where(ctx, 1, pid); err != nil || node != want {
			t.Fatalf("the process is at %d (%v), not at %d", node, err, want)
		}
	}
	move(2)
	for _, node := range []int{1, 2} {
		d := restart(t, ctx, lab, node)
		defer func() { _ = d.Process.Kill(); _ = d.Wait() }()
		at(2)
		shell(t, lab, 1, "kill -0 "+strconv.Itoa(pid))
	}
	if text := shell(t, lab, 2, labtest.InNode+" status"); !strings.Contains(text, strconv.Itoa(pid)) {
		t.Errorf("the new daemon of the lender does not know its guest:\n%s", text)
	}
	// The lender's root sends the guest away: its home does that.
	guest := shell(t, lab, 2, "ps -e -o pid=,uid= --sort=start_time | awk '$2 >= 1868000000 {pid = $1} END {print pid}'") // made last
	shell(t, lab, 2, labtest.InNode+" migrate "+guest+" 3")
	at(3)
	move(2)
	move(labtest.Home)
	shell(t, lab, 1, "kill -0 "+strconv.Itoa(pid))
}

package postcopy

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// TestNothingIsInTheWay: what is sent ahead of a process has arrived where it is to be when
// the process stands still. Over a slow link it would stand behind megabytes of it, in the
// buffers of each node on the way, for seconds. The program looks at the clock.
func TestNothingIsInTheWay(t *testing.T) {
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("tc is not here")
	}
	program := filepath.Join(labtest.Scratch(t), "gap")
	if out, err := exec.Command("gcc", "-O1", "-o", program, "src/gap.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	lab := labtest.Up(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	const (
		slow    = "tc qdisc add dev eth0 root tbf rate 40mbit burst 32k latency 10s"
		quick   = "tc qdisc del dev eth0 root"
		size    = 32                      // MB: six seconds
		longest = 1500 * time.Millisecond // of this machine's own, too, when it is busy
	)
	shell := func(node int, line string) {
		t.Helper()
		if text, err := lab.Shell(ctx, node, line); err != nil {
			t.Skipf("this kernel makes no slow links: %v: %s", err, text)
		}
	}
	p := start(t, ctx, lab, program, strconv.Itoa(size), 0)
	ask := func() time.Duration {
		t.Helper()
		shell(1, "kill -USR1 "+strconv.Itoa(p.pid))
		if !p.said.Scan() {
			t.Fatalf("the program says nothing (%s)", p.last())
		}
		n, err := strconv.Atoi(p.said.Text())
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n) * time.Millisecond
	}
	for _, leg := range []struct {
		to   string
		slow int // the node whose link is
	}{{"2", 1}, {"3", 1}, {"home", 3}} {
		shell(leg.slow, slow)
		ask()
		told := p.move(t, ctx, leg.to, "precopy")
		stood := ask()
		t.Logf("to %s: it stood still for %v, told are %v", leg.to, stood, told)
		if stood > longest {
			t.Errorf("to %s: it stood still for %v", leg.to, stood)
		}
		shell(leg.slow, quick)
	}
}

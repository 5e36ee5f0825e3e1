package postcopy

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// TestSlowLink: over a link that takes minutes for what is left of a process when it is to stand
// still, the move is given up after the time that is configured, on each way; the process goes on
// where it was, and moves when the link is itself again.
func TestSlowLink(t *testing.T) {
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("tc is not here")
	}
	lab := labtest.Up(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	shell := func(node int, line string) {
		t.Helper()
		if text, err := lab.Shell(ctx, node, line); err != nil {
			t.Fatalf("%s: %v: %s", line, err, text)
		}
	}
	slow := func(node int) {
		t.Helper()
		shell(node, "tc qdisc add dev eth0 root tbf rate 2mbit burst 32k latency 10s")
	}
	quick := func(node int) { t.Helper(); shell(node, "tc qdisc del dev eth0 root") }
	if text, err := lab.Shell(ctx, 2, "tc qdisc add dev eth0 root tbf rate 2mbit burst 32k latency 10s && tc qdisc del dev eth0 root"); err != nil {
		t.Skipf("this kernel makes no slow links: %s", text)
	}
	shell(1, "sed -i '1i still_seconds = 3' /etc/openmosix/openmosix.toml && openmosix reload")
	const size = 3 // MB: too little to be sent before it stands still
	p := start(t, ctx, lab, build(t), "write", size)
	fails := func(to int) {
		t.Helper()
		begun := time.Now()
		status, text := lab.Migrate(ctx, 1, p.pid, to, "--strategy=precopy")
		if status == labtest.Moved || !strings.Contains(text, "still_seconds") {
			t.Errorf("to %s, after %v: %v: %s", labtest.Destination(to), time.Since(begun), status, text)
		}
	}
	slow(1)
	fails(2)
	quick(1)
	p.move(t, ctx, "2", "precopy")
	time.Sleep(time.Second) // to write enough there
	slow(2)
	fails(labtest.Home)
	fails(3)
	if s := p.shown(t, ctx); s.Node != 2 {
		t.Errorf("it is on node %d", s.Node)
	}
	quick(2)
	p.move(t, ctx, "3", "precopy")
	p.move(t, ctx, "home", "precopy")
	p.judge(t, ctx)
}

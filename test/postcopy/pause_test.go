package postcopy

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// TestAllStandStill: machines that stood still together, such as virtual ones that were
// paused, have not lost each other, however long that was: pages that follow, on all ways and
// over a slow link, go on.
func TestAllStandStill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes; make soak does it")
	}
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("tc is not here")
	}
	const (
		slow  = "tc qdisc add dev eth0 root tbf rate 8mbit burst 32k latency 10s"
		quick = "tc qdisc del dev eth0 root"
		size  = 24 // MB
		pause = 45 * time.Second
	)
	lab := labtest.Up(t, 3)
	lab.Limit(limit)
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	path := build(t)
	out, onward, back := start(t, ctx, lab, path, "wait", size), start(t, ctx, lab, path, "write", size), start(t, ctx, lab, path, "wait", size)
	onward.move(t, ctx, "2", "precopy")
	back.move(t, ctx, "2", "precopy")
	for node := 1; node <= 3; node++ {
		if text, err := lab.Shell(ctx, node, slow); err != nil {
			t.Skipf("this kernel makes no slow links: %s", text)
		}
	}
	ends := []chan labtest.Status{out.fetches(t, ctx, 2, 2), onward.fetches(t, ctx, 3, 3), back.fetches(t, ctx, labtest.Home, labtest.Home)}
	if err := lab.StandStill(ctx, pause); err != nil {
		t.Fatal(err)
	}
	for node := 1; node <= 3; node++ {
		if _, err := lab.Shell(ctx, node, quick); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range ends {
		if status := <-end; status != labtest.Moved {
			t.Errorf("migrate says: %v", status)
		}
	}
	for _, p := range []*program{out, onward, back} {
		p.judge(t, ctx)
	}
}

package discovery

import (
	"slices"
	"strings"
	"testing"
	"time"

	"openmosix/internal/node/control"
	"openmosix/test/labtest"
)

// TestANodeThatGetsAnotherAddress: what runs there, and what has its home there, goes on, and the others
// know it by the new one.
func TestANodeThatGetsAnotherAddress(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
	}
	guest, home := startWorker(ctx, t, l, 1), startWorker(ctx, t, l, 2)
	moveTo(ctx, t, l, 1, guest.pid, 2)
	moveTo(ctx, t, l, 2, home.pid, 3)
	guest.work(t, 1000)
	home.work(t, 1000)
	shell(ctx, t, l, 2, "ip addr del 10.77.0.2/16 dev eth0; ip addr add 10.77.0.99/16 dev eth0")
	guest.work(t, 2000)
	home.work(t, 2000)
	for _, n := range []int{1, 3} {
		for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
			table := nodes(ctx, t, l, n)
			if slices.ContainsFunc(table, func(c control.Node) bool { return c.Number == 2 && c.Up && strings.HasPrefix(c.Address, "10.77.0.99:") }) {
				break
			}
			if time.Since(begun) > patience {
				t.Fatalf("node %d sees %+v", n, table)
			}
		}
	}
	await(ctx, t, l, 2, all)
	moveTo(ctx, t, l, 1, guest.pid, 3)
	guest.work(t, 3000)
	moveTo(ctx, t, l, 1, guest.pid, 2)
	guest.work(t, 4000)
	guest.finish(t)
	home.finish(t)
}

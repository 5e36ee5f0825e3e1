package discovery

import (
	"fmt"
	"os/exec"
	"testing"

	"openmosix/test/labtest"
)

// Three of four packets are lost everywhere: a node that leaves has left all the
// same, and one that crashes is gone.
func TestAGoodbyeArrives(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("nft is needed to lose packets: scripts/setup installs it")
	}
	t.Parallel()
	c := crowd{labtest.UpFinding(t, 4), t, t.Context()}
	for n := 1; n <= 4; n++ {
		await(c.ctx, t, c.Lab, n, allUp(4))
	}
	c.each([]int{1, 2, 3, 4}, func(n int) error {
		_, err := c.Shell(c.ctx, n, `nft 'table inet loss { chain in { type filter hook input priority 0; udp dport 7779 numgen random mod 100 < 75 drop; }; }'`)
		return err
	})
	since := c.marks()
	c.signal([]int{4}, "TERM")
	c.see([]int{1, 2, 3}, []int{4}, "node-left", since)
	since = c.marks()
	c.signal([]int{3}, "KILL")
	c.see([]int{1, 2}, []int{3}, "node-gone", since)
	if got := picture(nodes(c.ctx, t, c.Lab, 1)); got != fmt.Sprintf("%s; 3 down", allUp(2)) {
		t.Error(got)
	}
}

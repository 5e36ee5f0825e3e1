package restart

import (
	"context"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// What the administrator has said of a node holds for its next daemon, however the
// first one ended.
func TestSettingsOutliveADaemonThatDies(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for _, words := range []string{"block", "lstay", "quiet", "nomfs", "setspeed 7000", "setdecay 3 980 930", "setyard 5000"} {
		shell(t, lab, 1, "mosctl "+words)
	}
	const asked = "mosctl status | grep -E '^(stay|lstay|block|quiet|nomfs) '; mosctl getspeed; mosctl getdecay; mosctl getyard"
	const want = "stay        no\nlstay       yes\nblock       yes\nquiet       yes\nnomfs       yes\n7000\ninterval 3 s, slow 980/1000, fast 930/1000\n5000"
	for _, when := range []string{"before", "after"} {
		if got := shell(t, lab, 1, asked); got != want {
			t.Errorf("%s: %s", when, got)
		}
		if when == "before" {
			d := restart(t, ctx, lab, 1)
			defer func() { _ = d.Process.Kill(); _ = d.Wait() }()
		}
	}
}

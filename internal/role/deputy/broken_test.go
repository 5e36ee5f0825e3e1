package deputy

import (
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"
)

// A process whose link is broken is shown so, wherever else it may be on its way to.
func TestABrokenLinkIsShown(t *testing.T) {
	l := &link{node: 2}
	p := &proc{Process: &tracee.Process{PID: 1, Own: 1}, link: l}
	for _, c := range []struct {
		broken, moving bool
		quiet          time.Duration
		want           string
	}{
		{false, false, time.Second, "running"},
		{true, false, 0, supervisor.StateBroken},
		{true, true, 0, stateMoving},
		{false, false, silentFor + time.Second, supervisor.StateBroken}, // cut without a word
		{false, true, silentFor + time.Second, stateMoving},
	} {
		l.broken.Store(c.broken)
		p.moving, p.heard = c.moving, time.Now().Add(-c.quiet)
		if got := p.describe(); got.State != c.want || got.Node != 2 {
			t.Errorf("%+v: %+v", c, got)
		}
	}
	p.link, p.moving = nil, false
	if got := p.describe(); got.State != "running" {
		t.Errorf("at home: %+v", got)
	}
}

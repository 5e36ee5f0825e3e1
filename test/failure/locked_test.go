package failure

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"openmosix/internal/linux/fault"
	"openmosix/test/labtest"
)

// TestLocksStay: whatever ends a move that is not decided, what the process has locked is locked where it goes on.
func TestLocksStay(t *testing.T) {
	path := filepath.Join(labtest.Scratch(t), "locked")
	if out, err := exec.Command("gcc", "-O2", "-o", path, "src/locked.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	r := newRig(t)
	start := func(t *testing.T, ctx context.Context) *running {
		r.programs++
		stop := filepath.Join(r.dir, fmt.Sprintf("stop%d", r.programs))
		return r.launch(t, ctx, stop, path, stop)
	}
	for _, group := range []struct {
		way []int
		all []scenario
	}{
		{out, []scenario{
			{fault.GuestBuilt, guestSupervisor, true, false},
			{fault.HomeParked, guestSupervisor, true, true},
			{fault.GuestFilled, guestSupervisor, true, true},
			{fault.GuestRunning, guestSupervisor, true, false},
		}},
		{back, []scenario{{fault.GuestLeft, guestSupervisor, true, false}}},
		{onward, []scenario{
			{fault.GuestFrozen, guestSupervisor, true, true},
			{fault.HomeHanded, oldGuest, true, false},
		}},
	} {
		for _, s := range group.all {
			if testing.Short() && !s.quick {
				continue
			}
			t.Run(fmt.Sprintf("%s_of_%d", s.at, len(group.way)), func(t *testing.T) { r.playBy(t, group.way, []string{"--strategy=precopy"}, s, start) })
		}
	}
}

package failure

import (
	"context"
	"fmt"
	"testing"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/test/labtest"
)

// TestAllStandStill: when all machines stand still in the middle of moves, for longer than any step of
// one may take, the moves go on as soon as they do.
func TestAllStandStill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; make soak does it")
	}
	const longer = 35 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), 3*scenarioLimit)
	defer cancel()
	r := newRig(t)
	r.lab.Limit(2 * scenarioLimit) // migrate stands still, too
	var waits []*follower
	for name, w := range map[string]struct {
		way []int
		at  fault.Point
	}{
		"out":    {out, fault.GuestFilled},
		"onward": {onward, fault.GuestFrozen},
		"home":   {back, fault.GuestFrozen},
	} {
		f := r.leads(t, ctx, r.start(t, ctx), w.way, w.at, 2, waits)
		defer f.end()
		f.name = name
		waits = append(waits, f)
	}
	if err := r.lab.StandStill(ctx, longer); err != nil {
		t.Fatal(err)
	}
	for _, f := range waits {
		if text := <-f.moved; text != fmt.Sprintf("%v: ", labtest.Moved) {
			t.Errorf("%s: migrate says %q", f.name, text)
		}
		f.judge(t, true, grace)
	}
	r.nothingLeft(t)
}

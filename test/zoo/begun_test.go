package zoo

import (
	"context"
	"path/filepath"
	"testing"

	"openmosix/test/labtest"
)

// TestBegun takes a program whose waits have begun at home out, onward, and home for good.
func TestBegun(t *testing.T) {
	t.Setenv("ZOO_BEGUN", "1")
	lab := labtest.Up(t, 3)
	scratch := labtest.Scratch(t)
	for _, p := range programs(t) {
		if p.Name != "timer_begun" {
			continue
		}
		for _, strategy := range []string{"precopy", "postcopy"} {
			t.Run(p.Name+"_"+strategy, func(t *testing.T) {
				t.Parallel()
				argv, dir, stop := prepare(t, p, filepath.Join(scratch, strategy), movedLimit) // each is told to stop by a file of its own
				ctx, cancel := context.WithTimeout(context.Background(), movedLimit)
				defer cancel()
				r := start(t, lab.Command(ctx, 1, dir, argv...), stop, movedLimit)
				r.flags = []string{"--strategy=" + strategy}
				pid, ok := r.untilReady()
				if !ok {
					return
				}
				for _, to := range way[:3] {
					if _, ok := r.step(ctx, lab, pid, to, []labtest.Status{labtest.Moved}); !ok {
						lab.Kill(1, pid)
						return
					}
				}
				r.finish()
			})
		}
	}
}

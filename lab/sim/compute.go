package sim

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Compute runs a scenario under each of its policies, several runs at once.
func Compute(ctx context.Context, s *Scenario) (*Report, error) {
	tallies := make([][]tally, len(s.Policies))
	for i := range tallies {
		tallies[i] = make([]tally, s.Runs)
	}
	type task struct{ policy, run int }
	tasks := make(chan task)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for t := range tasks {
				tallies[t.policy][t.run] = newRun(s, s.Policies[t.policy], t.run).all(ctx)
			}
		})
	}
hand:
	for n := range s.Runs {
		for p := range s.Policies {
			select {
			case tasks <- task{p, n}:
			case <-ctx.Done():
				break hand
			}
		}
	}
	close(tasks)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("the simulation was stopped: %w", err)
	}
	return report(s, tallies), nil
}

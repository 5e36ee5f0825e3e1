package failure

import (
	"context"
	"fmt"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	warmUp = 60  // moves after which caches and pools are what they will be
	moves  = 100 // after them
	// On a busy machine, where each takes seconds, there are fewer of both: as many as are made in so long, and a part at least.
	warmUpFor, movesFor = time.Minute, 2 * time.Minute
	part                = 4
	// moreFiles and moreMemory are what a daemon may have more at the end than
	// after the warm-up: a connection that is just being closed, a heap that is
	// between two collections.
	moreFiles  = 4
	moreMemory = 8 << 10 // KiB
)

// TestNothingGrows moves a process many times: the daemons have no more files,
// memory or supervisors than after the first few.
func TestNothingGrows(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithTimeout(context.Background(), 3*(warmUpFor+movesFor))
	defer cancel()
	p := r.start(t, ctx)
	defer p.end()
	made := 0
	hop := func(most int, limit time.Duration) {
		t.Helper()
		begun := time.Now()
		for n := 0; n < most && (n < most/part || time.Since(begun) < limit); n++ {
			if status, text := r.lab.Migrate(ctx, 1, p.pid, []int{2, 3, labtest.Home}[made%3]); status != labtest.Moved {
				t.Fatalf("move %d: %v: %s", made, status, text)
			}
			made++
		}
	}
	hop(warmUp, warmUpFor)
	before := made
	files, memory := make(map[int]int), make(map[int]int)
	for node := 1; node <= r.lab.Nodes(); node++ {
		files[node], memory[node] = r.weigh(t, ctx, node)
	}
	hop(moves, movesFor)
	for node := 1; node <= r.lab.Nodes(); node++ {
		f, m := r.weigh(t, ctx, node)
		t.Logf("daemon of node %d: %d files, %d KiB after %d moves; %d, %d after %d", node, files[node], memory[node], before, f, m, made)
		if f > files[node]+moreFiles || m > memory[node]+moreMemory {
			t.Errorf("the daemon of node %d grows", node)
		}
		// One process is away: one supervisor for it at most, and one that ends.
		supervisors := 0
		for range cleanTries {
			if supervisors = r.number(t, node, "ps -e -o args= | grep -c ' supervise-[hg]' || true"); supervisors <= 2 {
				break
			}
			time.Sleep(pause)
		}
		if supervisors > 2 {
			t.Errorf("node %d has %d supervisors", node, supervisors)
		}
	}
	p.judge(t, true, grace)
	r.nothingLeft(t)
}

// weigh counts the open files and the resident KiB of a node's daemon.
func (r *rig) weigh(t *testing.T, ctx context.Context, node int) (files, memory int) {
	t.Helper()
	pid, err := r.lab.Daemon(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	return r.number(t, node, fmt.Sprintf("ls /proc/%d/fd | wc -l", pid)),
		r.number(t, node, fmt.Sprintf("awk '/^VmRSS/ {print $2}' /proc/%d/status", pid))
}

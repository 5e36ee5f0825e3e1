package content

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"openmosix/internal/linux/meminfo"
	"openmosix/test/labtest"
)

// most is how much memory a supervisor may ever have had, in MiB: what Go's collector leaves
// alone (employer's collectFrom), and the program's text.
const most = 128 + 32

// peaks prints what each supervisor of a node has had at most (proc(5), VmHWM), again
// and again: a guest supervisor ends when its process has left.
const peaks = `while sleep 0.05; do for p in $(grep -als '[s]upervise-' /proc/[0-9]*/cmdline); do
echo $(tr '\0' ' ' 2>/dev/null <${p%/cmdline}/cmdline) : $(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' ${p%/cmdline}/status 2>/dev/null)
done; done`

// watched are the peaks of supervisors, in KiB, by node and what they were started as.
type watched struct {
	mu    sync.Mutex
	peaks map[string]int
}

// watch follows the supervisors of all nodes until ctx ends; then the result waits for
// that.
func watch(t *testing.T, ctx context.Context, lab *labtest.Lab) (w *watched, wait func()) {
	t.Helper()
	w = &watched{peaks: map[string]int{}}
	var group sync.WaitGroup
	for node := 1; node <= lab.Nodes(); node++ {
		c := lab.Command(ctx, node, "/", "sh", "-c", peaks)
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				w.add(node, lines.Text())
			}
			_ = c.Wait() // it is ended from outside
		})
	}
	return w, group.Wait
}

func (w *watched) add(node int, line string) {
	command, peak, _ := strings.Cut(line, " : ")
	kib, err := strconv.Atoi(peak)
	words := strings.Fields(command)
	if err != nil || len(words) < 2 || !strings.HasPrefix(words[1], "supervise-") {
		return // it has just ended, or is one of those that look
	}
	name := fmt.Sprintf("node %d %s", node, strings.Join(words[1:], " "))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peaks[name] = max(w.peaks[name], kib)
}

// TestNoSupervisorHoldsWhatMoves: moving so much memory, out, onward and home, takes
// only a part of it in any supervisor, on whatever way it is sent.
func TestNoSupervisorHoldsWhatMoves(t *testing.T) {
	size := 1024
	if testing.Short() {
		size = 384
	}
	if m, err := meminfo.Read(); err != nil || m.Available < 3*uint64(size)*mebi {
		t.Skipf("there is not three times as much memory as is moved, %d MiB (%v)", size, err)
	}
	path := buildMemory(t)
	lab := labtest.Up(t, 3)
	for _, strategy := range []string{"precopy", "postcopy"} {
		t.Run(strategy, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w, wait := watch(t, ctx, lab)
			p := begin(t, lab, path, size, 4096)
			p.trip(2, "out", "--strategy", strategy)
			p.trip(3, "onward", "--strategy", strategy)
			p.trip(0, "home", "--strategy", strategy)
			p.judge()
			if _, err := lab.Shell(t.Context(), 3, "while grep -qas '[s]upervise-guest' /proc/[0-9]*/cmdline; do sleep 0.1; done"); err != nil {
				t.Errorf("the last guest supervisor does not end: %v", err)
			}
			cancel()
			wait()
			for _, name := range slices.Sorted(maps.Keys(w.peaks)) {
				t.Logf("%s: %d MiB", name, w.peaks[name]>>10)
				if w.peaks[name]>>10 > most {
					t.Errorf("%s has had %d MiB while %d MiB moved", name, w.peaks[name]>>10, size)
				}
			}
			for _, part := range []string{"node 1 supervise-home", "node 2 supervise-guest", "node 3 supervise-guest"} {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(w.peaks)), func(name string) bool { return strings.HasPrefix(name, part) }) {
					t.Errorf("%s has not been seen among %v", part, w.peaks)
				}
			}
		})
	}
}

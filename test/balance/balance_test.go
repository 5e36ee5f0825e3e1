package balance

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// Eight programs, started on node 1 of two equal nodes, end as four and four;
// and of two nodes of which one is twice as fast that one takes more.
func TestProgramsSpread(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	even, loose, twice := [2]int{4, 4}, [2]int{3, 5}, [2]int{5, 7}
	if busy := w.busy(time.Second); busy > 0.2 {
		// The nodes are not equal then, and the balancer knows.
		t.Logf("others use %.0f%% of this machine: only that the programs spread is looked at", 100*busy)
		even, loose, twice = [2]int{1, 8}, [2]int{0, 8}, [2]int{1, 8}
	}
	within := func(r [2]int) func(int) bool { return func(n int) bool { return n >= r[0] && n <= r[1] } }
	w.do(1, labtest.InNode+" mosctl setspeed 10000; "+labtest.InNode+" mosctl -n 2 setspeed 10000")
	w.start(8)
	w.until("of two equal nodes", within(even))
	w.throughout("of two equal nodes", 5, within(loose))
	w.do(1, labtest.InNode+" mosctl setspeed 5000")
	w.until("of two nodes of which node 2 is twice as fast", within(twice))
	w.throughout("of two nodes of which node 2 is twice as fast", 3, within([2]int{loose[0], twice[1]}))
	w.end()
}

// What is told to stay stays, what is blocked gets nothing, a lock holds, and
// why says so. As soon as nothing of it is told any more they move.
func TestWhatIsToldIsObeyed(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	w.do(1, labtest.InNode+" mosctl setspeed 10000; "+labtest.InNode+" mosctl -n 2 setspeed 10000")
	w.do(1, labtest.InNode+" mosctl stay")
	w.start(4)
	w.says(w.all[0].pid, "stay", "nothing leaves its node")
	w.throughout("after mosctl stay", 3, func(n int) bool { return n == 0 })
	w.do(2, labtest.InNode+" mosctl block")
	w.says(w.all[0].pid, "stay", "")
	w.do(1, labtest.InNode+" mosctl nostay")
	w.says(w.all[0].pid, "no-node", "blocked")
	w.throughout("while node 2 is blocked", 3, func(n int) bool { return n == 0 })
	locked := len(w.all)
	w.start(2, labtest.InNode, "mosrun", "-L")
	w.do(2, labtest.InNode+" mosctl noblock")
	w.until("with nothing in the way", func(n int) bool { return n >= 2 })
	w.says(w.all[locked].pid, "locked", "it is locked")
	for _, one := range w.all[locked:] {
		if node, err := lab.Where(t.Context(), 1, one.pid); err != nil || node != 0 {
			t.Errorf("process %d is locked and on node %d, %v", one.pid, node, err)
		}
	}
	w.end()
}

// says waits until why gives the rule, and that in words.
func (w *workers) says(pid int, rule, words string) {
	w.t.Helper()
	var back struct {
		Balance struct {
			Rule string `json:"rule"`
			Text string `json:"text"`
		} `json:"balance"`
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		out := w.do(1, fmt.Sprintf("%s why --json %d || true", labtest.InNode, pid))
		if err := json.Unmarshal([]byte(out), &back); err != nil {
			w.t.Fatalf("%v: %s", err, out)
		}
		if back.Balance.Rule == rule && strings.Contains(back.Balance.Text, words) {
			return
		}
	}
	w.t.Fatalf("why says of %d %+v, not %s: %s", pid, back.Balance, rule, words)
}

package balance

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// How long a process has lived the node knows to which it goes: what is old, and
// lives on, is not taken there for what has just begun.
func TestGuestsAreAsOldAsTheyAre(t *testing.T) {
	const before = 6 * time.Second
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	// In CPU time of one speed, and with nothing that sends it back.
	w.do(1, labtest.InNode+" mosctl setspeed 10000; "+labtest.InNode+" mosctl -n 2 setspeed 10000")
	w.start(1, labtest.InNode, "mosrun", "-L")
	pid := w.all[0].pid
	deadline := time.Now().Add(patience)
	for w.used(1, pid) < before {
		if time.Now().After(deadline) {
			t.Fatal("the worker gets no CPU")
		}
		time.Sleep(300 * time.Millisecond)
	}
	if status, text := lab.Migrate(t.Context(), 1, pid, 2); status != labtest.Moved {
		t.Fatal(status, text)
	}
	body, err := strconv.Atoi(w.do(2, "pgrep -x worker"))
	if err != nil {
		t.Fatal(err)
	}
	// What it has used there is asked for later, so that alone it is never less than its life.
	var life, there time.Duration
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		var said struct {
			Balance struct {
				Life float64 `json:"life_s"`
			} `json:"balance"`
		}
		out := w.do(2, fmt.Sprintf("%s why --json %d || true", labtest.InNode, body))
		if err := json.Unmarshal([]byte(out), &said); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		life = time.Duration(said.Balance.Life * float64(time.Second))
		there = w.used(2, body)
		if life > there+before/2 {
			w.end()
			return
		}
	}
	t.Errorf("it had used %v of CPU time when it came and %v since, and is thought to live on for %v", before, there, life)
}

// used is the CPU time of a process, as the node's kernel has it.
func (w *workers) used(node, pid int) time.Duration {
	w.t.Helper()
	text := w.do(node, fmt.Sprintf("cat /proc/%d/stat", pid))
	_, after, _ := strings.Cut(text, ") ")
	fields := strings.Fields(after) // from the third on
	ticks, err := strconv.Atoi(fields[14-3])
	if err != nil {
		w.t.Fatalf("%v: %s", err, text)
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

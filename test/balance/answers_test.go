package balance

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// Names that a program away asks of again and again it is answered without anybody's waking up for it: a
// thread that waits for an answer changes places with who gives it, and the kernel counts that.
func TestAnsweredInside(t *testing.T) {
	const times = 5000
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := filepath.Join(w.dir, "asks")
	if out, err := exec.Command("gcc", "-O1", "-o", program, "src/asks.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v: %s", err, out)
	}
	w.do(1, fmt.Sprintf("cd %s && mkfifo hold && { %s mosrun -2 %s %d <hold >said 2>&1 & } && exec 3>hold && sleep 30 3>&3 >/dev/null 2>&1 & echo begun", w.dir, labtest.InNode, program, times))
	deadline := time.Now().Add(patience)
	for w.do(1, "cat "+filepath.Join(w.dir, "said")+" 2>/dev/null || true") == "" {
		if time.Now().After(deadline) {
			t.Fatal("it says nothing")
		}
		time.Sleep(100 * time.Millisecond)
	}
	if said := w.do(1, "cat "+filepath.Join(w.dir, "said")); said != "0" {
		t.Errorf("it finds %s names that are not there", said)
	}
	waits := w.do(2, "awk '/^voluntary/{print $2}' /proc/$(pgrep -x asks)/status")
	if n, err := strconv.Atoi(strings.TrimSpace(waits)); err != nil || n > times/10 {
		t.Errorf("it has waited %s times for %d answers (%v)", waits, 2*times, err)
	}
	w.do(1, "pkill -x asks")
}

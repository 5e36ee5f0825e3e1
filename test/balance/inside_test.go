package balance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// insideFiles makes the files that src/inside.c reads, and gives the words that lead there.
func insideFiles(t *testing.T, dir string) (cd string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for f := range 10 {
		b := make([]byte, f*1777+1)
		for i := range b {
			b[i] = 'a' + byte((f*7+i+i/26)%26)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("g.%d", f)), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return "cd " + dir + " && "
}

// What a program away opens, reads and closes inside itself is as at home, whatever interrupts it, whoever goes on with it, and
// whatever becomes of the files.
func TestReadInside(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "inside")
	home, away := insideFiles(t, filepath.Join(w.dir, "home")), insideFiles(t, filepath.Join(w.dir, "away"))
	time.Sleep(3 * time.Second) // what has just changed is not told
	all := " all 4000"
	if busy := w.busy(time.Second); busy > 0.2 {
		t.Logf("others use %.0f%% of this machine: fewer files are read", 100*busy)
		all = " all 800"
	}
	want := w.do(1, home+program+all)
	if got := w.do(1, away+labtest.InNode+" mosrun -2 "+program+all); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}

	const times = 2000
	w.waitsAtMost(away, program, fmt.Sprint("count ", times), "done", times/2) // of ten thousand calls, after those by which it is learnt

	large := filepath.Join(w.dir, "large")
	w.do(1, "head -c 64M /dev/urandom >"+large)
	want = w.do(1, home+program+" large 0 "+large+" </dev/null")
	w.waitsAtMost(away, program, "large 0 "+large, want, 64<<20/8192/2)

	if got := w.do(1, away+labtest.InNode+" mosrun -2 "+program+" large 0 "+large+" 8 </dev/null"); got != want {
		t.Errorf("with little address space: %q, at home %q", got, want)
	}

	if got := w.do(1, away+labtest.InNode+" mosrun -2 "+program+" leave"); got != "here c, in a child x, as another user 0" {
		t.Errorf("what lies where files are read: %q", got)
	}
}

// waitsAtMost runs a program away that waits for the end of its input when it has said something, and tests what it says, and
// how often it has waited for anything: the kernel counts that.
func (w *workers) waitsAtMost(cd, program, arguments, want string, most int) {
	w.t.Helper()
	command, name := program+" "+arguments, filepath.Base(program)
	w.do(1, fmt.Sprintf("%srm -f hold said; mkfifo hold; { %s mosrun -2 %s <hold >said 2>&1 & } && exec 3>hold && sleep 60 3>&3 >/dev/null 2>&1 & echo begun", cd, labtest.InNode, command))
	deadline := time.Now().Add(patience)
	said := ""
	for ; said == ""; said = strings.TrimSpace(w.do(1, cd+"cat said 2>/dev/null || true")) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s says nothing", command)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if said != want {
		w.t.Errorf("%s says %q, at home %q", command, said, want)
	}
	waits := w.do(2, "awk '/^voluntary/{print $2}' /proc/$(pgrep -x "+name+")/status")
	if n, err := strconv.Atoi(strings.TrimSpace(waits)); err != nil || n > most {
		w.t.Errorf("%s has waited %s times, and was to wait %d times at most (%v)", command, waits, most, err)
	} else {
		w.t.Logf("%s has waited %d times", command, n)
	}
	w.do(1, "pkill -x "+name)
}

package balance

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"openmosix/test/labtest"
)

// A program that is run again and again is told ahead what it is going to ask, and hears nothing else than at home.
func TestForetold(t *testing.T) {
	const runs, most = 12, 12 // of 2*runs questions; under load some come too late
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "foresees")
	do := func(name, how string) string {
		dir := filepath.Join(w.dir, name, "place")
		if err := os.MkdirAll(filepath.Join(dir, "dir"), 0o755); err != nil {
			t.Fatal(err)
		}
		return w.do(1, "cd "+dir+" && mkfifo orders done && : >other && exec 2>err && { "+program+" helper & } && "+
			how+" sh -c 'for run in 1 2 3 4 5 6 7 8 9 10 11 12; do "+program+" $run || echo failed; done'; cat err; kill $!")
	}
	want := do("home", "")
	before := w.calls("sysinfo")
	if got := do("away", labtest.InNode+" mosrun -2"); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}
	n := w.calls("sysinfo") - before
	t.Logf("of %d questions %d were asked", 2*runs, n)
	if n == 0 || n > most {
		t.Errorf("%d of %d questions were asked", n, 2*runs)
	}
}

// A program that goes through directories is told ahead of the entries that come next, and hears nothing else than at home.
func TestSweeps(t *testing.T) {
	const asked, most = 2*300 + 2*300 + 300 + 300, 1200 // under load some come too late; of which every ninth of the last changes
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "sweeps")
	do := func(name, how string) string {
		dir := filepath.Join(w.dir, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return w.do(1, "cd "+dir+" && exec 2>&1 && "+how+" sh -c '"+program+"; echo ended with $?'")
	}
	want := do("home", "")
	before := w.calls("newfstatat") + w.calls("lstat")
	if got := do("away", labtest.InNode+" mosrun -2"); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}
	n := w.calls("newfstatat") + w.calls("lstat") - before
	t.Logf("of %d questions %d were asked\n%s", asked, n, want)
	if n == 0 || n > most {
		t.Errorf("%d of %d questions were asked", n, asked)
	}
}

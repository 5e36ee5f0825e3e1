package balance

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"openmosix/test/labtest"
)

// Programs away ask for the state of files and directories without a word to home, and see every change that they
// can know of, whoever makes it and how.
func TestStatesThatAreKnown(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "states")
	dir := func(name string) string {
		at := filepath.Join(w.dir, name)
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		// Somebody at home does what he is told.
		return "cd " + at + "; mkfifo to from; (while read -r line; do (eval \"$line\"); echo done; done <to >from) & "
	}
	if got := w.do(1, dir("home")+program); got != "done" {
		t.Fatalf("at home: %s", got)
	}
	if got := w.do(1, dir("away")+labtest.InNode+" mosrun -2 "+program); got != "done" {
		t.Errorf("away: %s", got)
	}
	before := w.calls("newfstatat") + w.calls("getcwd")
	if got := w.do(1, labtest.InNode+" mosrun -2 "+program+" many "+filepath.Join(w.dir, "home")); got != "many" {
		t.Errorf("%q", got)
	}
	n := w.calls("newfstatat") + w.calls("getcwd") - before
	t.Logf("of 3000 questions %d were asked at home", n)
	if n > 500 { // until it is known
		t.Errorf("home was asked %d of 3000 questions", n)
	}
}

package balance

import (
	"testing"

	"openmosix/test/labtest"
)

// A program away asks for its CPU time without a word to home where nothing has been done there for it,
// and is told of what was.
func TestTimeThatIsCounted(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, 1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "counts")
	if got := w.do(1, program); got != "done" {
		t.Fatalf("at home: %s", got)
	}
	before := w.calls("clock_gettime") + w.calls("getrusage")
	if got := w.do(1, labtest.InNode+" mosrun -2 "+program); got != "done" {
		t.Errorf("away: %s", got)
	}
	// 1,000 changes from one question to the other, and two threads of 300 questions.
	if n := w.calls("clock_gettime") + w.calls("getrusage") - before; n > 2000 {
		t.Errorf("home was asked %d times", n)
	}
}

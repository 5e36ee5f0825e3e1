package balance

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"openmosix/test/labtest"
)

// A process of several threads has files read ahead, and each of them sees what the others have done, and have made others do.
func TestFilesOfSeveralThreads(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "threads")
	in := func(name string) string {
		dir := filepath.Join(w.dir, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return "cd " + dir + " && "
	}
	want := w.do(1, in("home")+program)
	if !strings.Contains(want, "others: 0 missing") {
		t.Fatalf("at home:\n%s", want)
	}
	if got := w.do(1, in("away")+labtest.InNode+" mosrun -2 "+program); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}
	want = w.do(1, in("home")+program+" records")
	before := w.calls("read")
	if got := w.do(1, in("home")+labtest.InNode+" mosrun -2 "+program+" records"); got != want {
		t.Errorf("the sum is %s, at home %s", got, want)
	}
	n := w.calls("read") - before
	t.Logf("of 1500 reads %d were made at home", n)
	if n > 100 {
		t.Errorf("%d reads were made at home", n)
	}
}

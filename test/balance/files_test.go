package balance

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// Programs away read files that home has told of without asking, and see every
// change that they can know of, whoever makes it and how.
func TestFilesThatAreKnown(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "files")
	make := func(name string) string {
		dir := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Join(dir, "dir/sub"), 0o755); err != nil {
			t.Fatal(err)
		}
		for c := 'a'; c <= 'q'; c++ {
			at := dir
			if c == 'i' {
				at = filepath.Join(dir, "dir/sub")
			}
			if err := os.WriteFile(filepath.Join(at, "f."+string(c)), []byte("contents-of-"+string(c)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return "cd " + dir + " && "
	}
	home, away := make("home"), make("away")
	time.Sleep(3 * time.Second) // what has just changed is not told
	want := w.do(1, home+program)
	if got := w.do(1, away+labtest.InNode+" mosrun -2 "+program); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}

	// A file that is read four hundred times is opened at home until it is known.
	before := w.calls("openat")
	if got := w.do(1, away+labtest.InNode+" mosrun -2 "+program+" many f.n 400"); got != "contents-o" {
		t.Errorf("%q", got)
	}
	if n := w.calls("openat") - before; n > 150 {
		t.Errorf("%d files were opened at home", n)
	}
}

// calls is how often a call was forwarded so far.
func (w *workers) calls(name string) int {
	w.t.Helper()
	text := w.do(1, "curl -s 127.0.0.1:7780/metrics")
	found := regexp.MustCompile(`forwarded_call_home_seconds_count\{call="` + name + `"\} ([0-9]+)`).FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

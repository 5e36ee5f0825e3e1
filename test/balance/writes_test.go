package balance

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"openmosix/test/labtest"

	"golang.org/x/sys/unix"
)

// What programs away have written is there when anybody can know of it, in its
// order, with the errors that it has at home, and however they end.
func TestWritesThatAreBehind(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "writes")
	dir := func(name string) string {
		small, wide := filepath.Join(w.dir, name, "small"), filepath.Join(w.dir, name, "wide")
		for _, on := range []string{small, wide} {
			if err := os.MkdirAll(on, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		// One with much room, if there are loop devices: the program says so.
		return "mount -t tmpfs -o size=64k none " + small + " && truncate -s 1500M " + wide + ".img && { mkfs.ext4 -q " + wide + ".img && mount -o loop " + wide + ".img " + wide +
			"; true; } >/dev/null 2>&1 && cd " + filepath.Join(w.dir, name) + " && "
	}
	home, away := dir("home"), dir("away")
	want := w.do(1, home+program)
	if got := w.do(1, away+labtest.InNode+" mosrun -2 "+program); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}
	for _, name := range []string{"home", "away"} {
		on := filepath.Join(w.dir, name)
		w.do(1, "umount "+on+"/small && { ! mountpoint -q "+on+"/wide || umount "+on+"/wide; } && rm "+on+"/wide.img")
	}
	var at [2]unix.Stat_t // nothing is reserved that is not used
	for i, name := range []string{"home", "away"} {
		if err := unix.Stat(filepath.Join(w.dir, name, "plain"), &at[i]); err != nil {
			t.Fatal(err)
		}
	}
	if at[0].Blocks != at[1].Blocks {
		t.Errorf("%d blocks away, %d at home", at[1].Blocks, at[0].Blocks)
	}

	for _, c := range []struct {
		how, pieces string
		most        int // made at home one by one: under load each message may hold a few pieces only
	}{ // of those that are renumbered 2500 of 4000 have two numbers, or are over what is there
		{"many", "100", 60}, {"many", "2000", 400}, {"renumbered", "500", 2600}, {"nothing", "2000", 100},
	} {
		before := w.calls("write")
		many := program + " " + c.how + " many " + c.pieces
		got := w.do(1, "cd "+filepath.Join(w.dir, "away")+" && "+labtest.InNode+" mosrun -2 "+many)
		if want := w.do(1, "cd "+filepath.Join(w.dir, "home")+" && "+many); got != want {
			t.Errorf("%q, at home %q", got, want)
		}
		n := w.calls("write") - before
		t.Logf("%s: of %s writes %d were made at home one by one", c.how, c.pieces, n)
		if n > c.most {
			t.Errorf("%s: %d writes of %s were made at home one by one", c.how, n, c.pieces)
		}
	}
}

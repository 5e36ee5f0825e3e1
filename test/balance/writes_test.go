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
	placed := func(command string) string { return labtest.InNode + " mosrun -2 " + command }
	moved := func(command string) string {
		return "rm -f go; GO=go " + command + " & p=$!; sleep 0.2; " + labtest.InNode + " migrate $p 2 >&2 && touch go; wait $p"
	}
	home, away, later := dir("home"), dir("away"), dir("later")
	want := w.do(1, home+program)
	if got := w.do(1, away+placed(program)); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}
	if got := w.do(1, later+moved(program)); got != want {
		t.Errorf("moved:\n%s\nat home:\n%s", got, want)
	}
	for _, name := range []string{"home", "away", "later"} {
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
	}{ // of those that are renumbered some have two numbers, and most are over what is there
		{"many", "100", 60}, {"many", "2000", 400}, {"renumbered", "500", 300}, {"nothing", "2000", 100},
	} {
		many := program + " " + c.how + " many " + c.pieces
		want := w.do(1, "cd "+filepath.Join(w.dir, "home")+" && "+many)
		for way, line := range map[string]string{"placed": placed(many), "moved": moved(many)} {
			before := w.calls("write")
			if got := w.do(1, "cd "+filepath.Join(w.dir, "away")+" && "+line); got != want {
				t.Errorf("%s: %q, at home %q", way, got, want)
			}
			n := w.calls("write") - before
			t.Logf("%s, %s: of %s writes %d were made at home one by one", way, c.how, c.pieces, n)
			if n > c.most {
				t.Errorf("%s, %s: %d writes of %s were made at home one by one", way, c.how, n, c.pieces)
			}
		}
	}
}

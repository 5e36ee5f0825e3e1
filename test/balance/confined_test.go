package balance

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// What a program is forbidden, and others of its family are not, it does not get from what those have been told.
func TestConfined(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "confined")
	const nobody = 65534
	make := func(name string) string {
		dir := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Join(dir, "closed"), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, mode := range map[string]os.FileMode{"secret": 0o600, "closed": 0o700} {
			at := filepath.Join(dir, file)
			if file == "secret" {
				if err := os.WriteFile(at, []byte("what it says"), mode); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(at, mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(at, nobody, nobody); err != nil {
				t.Skipf("a file of another user: %v", err)
			}
		}
		return "cd " + dir + " && "
	}
	home, away := make("home"), make("away")
	time.Sleep(3 * time.Second) // what has just changed is not told
	want := w.do(1, home+program)
	if got := w.do(1, away+labtest.InNode+" mosrun -2 "+program+" $(command -v "+labtest.InNode+") mosrun -2"); got != want {
		t.Errorf("away:\n%s\nat home:\n%s", got, want)
	}
	t.Log("\n" + want)
}

package balance

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"openmosix/test/labtest"
)

// A placed program leaves where its own code begins. Whatever happens before, or
// instead, it says what it says at home.
func TestWhereProgramsBegin(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	for name, flags := range map[string][]string{
		"entry": nil, "static": {"-static"}, "pie": {"-pie", "-fPIE"}, "before.so": {"-DBEFORE", "-shared", "-fPIC"},
	} {
		args := append([]string{"-O1", "-o", filepath.Join(w.dir, name), "src/entry.c"}, flags...)
		if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
			t.Fatalf("gcc %v: %v: %s", args, err, out)
		}
	}
	for name, line := range map[string]string{
		"dynamic":              "./entry a b",
		"position-independent": "./pie a",
		"static":               "./static a",
		"a script":             "printf '#!./entry\\n' >script; chmod +x script; ./script b",
		"ignores traps":        "trap '' TRAP; ./entry c",
		"loader by hand":       "/lib64/ld-linux-x86-64.so.2 ./entry d",
		"slow loading":         "WHAT=sleeps LD_PRELOAD=./before.so ./entry e",
		"a thread before":      "WHAT=thread LD_PRELOAD=./before.so ./entry f",
		"a child before":       "WHAT=child LD_PRELOAD=./before.so ./entry g",
		"another program":      "WHAT=exec LD_PRELOAD=./before.so ./entry h",
		"ends before":          "WHAT=exit LD_PRELOAD=./before.so ./entry i",
		"killed before":        "WHAT=trap LD_PRELOAD=./before.so ./entry j",
	} {
		if err := os.WriteFile(filepath.Join(w.dir, "line"), []byte(line+"; echo $?\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		want := w.do(1, "cd "+w.dir+" && sh ./line")
		if got := w.do(1, "cd "+w.dir+" && "+labtest.InNode+" mosrun -2 sh ./line"); got != want {
			t.Errorf("%s: %q, at home %q", name, got, want)
		}
	}
	// Each of them that comes to its own code has left: of what is called entry, three.
	w.placedAtLeast(map[string]int{"entry": 3, "pie": 1, "static": 1, "script": 1, "echo": 1})
}

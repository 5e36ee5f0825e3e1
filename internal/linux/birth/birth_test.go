package birth

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A program of this package's, linked as the Makefile does it: it says what was
// ignored, and becomes another one.
const program = `package main

import (
	"fmt"
	"os"
	"syscall"

	"openmosix/internal/linux/birth"
)

func main() {
	fmt.Println(birth.Known(), birth.Heeded(syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT))
	fmt.Println(birth.Exec("/bin/sh", []string{"sh", "-c", "grep -E '^Sig(Ign|Blk)' /proc/self/status; exit 5"}, os.Environ()))
}
`

func TestExec(t *testing.T) {
	// Within the module, or the internal package could not be imported.
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.Remove("testdata") // if it is empty again
	dir, err := os.MkdirTemp("testdata", "program")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	built := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-ldflags", "-E openmosix/internal/linux/birth.entry", "-o", built, "./"+dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// What a program gets that the shell starts itself is what ours must get: who
	// runs the tests may have had signals of its own ignored.
	const ignoring = "trap '' TERM USR1 PIPE; "
	run := func(command string) []string {
		out, err := exec.Command("sh", "-c", ignoring+command).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Fields(string(out))
	}
	native := run("grep -E '^Sig(Ign|Blk)' /proc/self/status")
	want := "true [hangup interrupt] " + strings.Join(native, " ") + " 5"
	if got := strings.Join(run(built+"; echo $?"), " "); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLinkedOtherwise(t *testing.T) {
	if Known() {
		t.Skip("the test was linked to begin at entry")
	}
	if got := Heeded(syscall.SIGTERM); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if err := Exec("/nowhere", []string{"x"}, nil); err != syscall.ENOENT {
		t.Errorf("%v", err)
	}
}

package balance

import (
	"bufio"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// Of a node with so much memory in MiB, a program grows to so much, at so many
// MiB in a second.
const (
	smallNode = 384
	outgrown  = 640
	growth    = 60
	// shell is what a process may still have at home when it has left, in MiB: its
	// deputy, its supervisor, and the daemon's own.
	leftAtHome = 120
)

// A program that outgrows its node is killed where nothing may leave it. Where it
// may it is moved in time, with nobody saying so, ends rightly, and its home has
// its memory back.
func TestOutgrowsItsNode(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not here")
	}
	lab := labtest.UpMemory(t, smallNode, 0)
	dir := labtest.Scratch(t)
	program := filepath.Join(dir, "grow.py")
	if out, err := exec.Command("cp", "src/grow.py", program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	native, err := exec.Command("python3", program, strconv.Itoa(outgrown), "0").Output()
	_, want, _ := strings.Cut(strings.TrimSpace(string(native)), "\n")
	if err != nil || !strings.HasPrefix(want, "right ") {
		t.Fatalf("on this machine itself: %v: %s", err, native)
	}
	start := func() (*exec.Cmd, *bufio.Scanner, int) {
		c := lab.Command(t.Context(), 1, dir, "python3", program, strconv.Itoa(outgrown), strconv.Itoa(growth))
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		if !said.Scan() {
			t.Fatal("the program says nothing")
		}
		pid, err := strconv.Atoi(said.Text())
		if err != nil {
			t.Fatal(err)
		}
		return c, said, pid
	}
	tell := func(word string) {
		t.Helper()
		if _, err := lab.Shell(t.Context(), 1, labtest.InNode+" mosctl "+word); err != nil {
			t.Fatal(err)
		}
	}

	tell("stay")
	c, said, _ := start()
	for said.Scan() {
		t.Errorf("where it may not leave it says: %s", said.Text())
	}
	exit, killed := errors.AsType[*exec.ExitError](c.Wait())
	if !killed || exit.ExitCode() != 128+int(syscall.SIGKILL) {
		t.Errorf("where it may not leave it ends with %v", exit)
	}

	tell("nostay")
	c, said, pid := start()
	ended := make(chan string, 1)
	go func() {
		said.Scan()
		ended <- said.Text()
	}()
	gone, given := false, uint64(0)
	for result := ""; result == ""; {
		select {
		case result = <-ended:
			if result != want {
				t.Errorf("it says %q, and %q where there is memory", result, want)
			}
			if result == "" {
				result = "nothing"
			}
		case <-time.After(200 * time.Millisecond):
			if at, err := lab.Where(t.Context(), 1, pid); err != nil || at != 2 {
				continue
			}
			gone = true
			used, err := lab.MemoryUsed(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			given = used
		}
	}
	if err := c.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if !gone {
		t.Error("it was not seen on node 2")
	}
	if given > leftAtHome<<20 {
		t.Errorf("node 1 uses %d MiB when it has left", given>>20)
	}
	t.Logf("node 1 used %d MiB when it had left", given>>20)
}

package owner

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	home, lender = 1, 2
	// patience with what takes a moment on an idle machine and much longer on a busy one.
	patience = 60 * time.Second
)

// nodes is a lab of two nodes with one CPU each, whose lender is configured so,
// and which leaves no control group behind.
func nodes(t *testing.T, settings string) *labtest.Lab {
	t.Helper()
	before := groups(t)
	t.Cleanup(func() { // after the lab has gone
		for dir := range groups(t) {
			if !before[dir] && strings.Contains(dir, "-t"+strconv.Itoa(os.Getpid())+"-") {
				t.Errorf("the lab leaves %s behind", dir)
			}
		}
	})
	lab := labtest.UpOn(t, 0, runtime.NumCPU()-1)
	configure(t, lab, settings)
	return lab
}

// groups are all control groups of openMosix on this machine.
func groups(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.Contains(path, "openmosix-") {
			found[path] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// configure adds settings of guests to the lender's configuration, by a reload.
func configure(t *testing.T, lab *labtest.Lab, settings string) {
	t.Helper()
	if !strings.Contains(settings, "owner_first") { // which labs do without
		settings += "; owner_first = true"
	}
	for line := range strings.SplitSeq(settings, "; ") {
		key, _, _ := strings.Cut(line, " ")
		if _, err := lab.Shell(t.Context(), lender, `sed -i '/^`+key+` =/d; /^\[guests\]/a `+line+`' /etc/openmosix/openmosix.toml`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := lab.Shell(t.Context(), lender, labtest.InNode+" reload"); err != nil {
		t.Fatal(err)
	}
}

// program compiles what guests do.
func program(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not here; Debian has it in gcc and libc6-dev")
	}
	path := filepath.Join(labtest.Scratch(t), "work")
	if out, err := exec.Command("gcc", "-O1", "-pthread", "-o", path, "src/work.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return path
}

// work is a program that has been started.
type work struct {
	lab  *labtest.Lab
	node int
	cmd  *exec.Cmd
	said labtest.Output
	pid  int
	file string // that it waits for
}

// start starts a program on a node, where it waits.
func start(t *testing.T, lab *labtest.Lab, node int, path, way string, n int) *work {
	t.Helper()
	return startBy(t, lab, node, nil, path, way, n)
}

// startBy is start by a command that becomes the program.
func startBy(t *testing.T, lab *labtest.Lab, node int, starter []string, path, way string, n int) *work {
	t.Helper()
	w := &work{lab: lab, node: node, file: filepath.Join(labtest.Scratch(t), "go")}
	w.cmd = lab.Command(context.Background(), node, "/", append(starter, path, way, w.file, strconv.Itoa(n))...)
	w.cmd.Stdout, w.cmd.Stderr = &w.said, &w.said
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if w.cmd.ProcessState == nil {
			lab.Kill(node, w.pid)
			_ = w.cmd.Wait()
		}
	})
	until(t, "the program starts", func() bool {
		line, _, whole := strings.Cut(w.said.String(), "\n")
		w.pid, _ = strconv.Atoi(strings.TrimPrefix(line, "ready "))
		return whole && w.pid != 0
	})
	return w
}

func (w *work) goOn(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(w.file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// lent starts a program at home, moves it to the lender, and lets it go on there.
func lent(t *testing.T, lab *labtest.Lab, path, way string, n int) *work {
	t.Helper()
	w := start(t, lab, home, path, way, n)
	w.lend(t, lender)
	return w
}

// lend moves a program from home to a node and lets it go on there.
func (w *work) lend(t *testing.T, to int) {
	t.Helper()
	if status, text := w.lab.Migrate(t.Context(), home, w.pid, to); status != labtest.Moved {
		t.Fatalf("migrate: %v: %s", status, text)
	}
	w.goOn(t)
}

// computes bounds how long a program may compute on a busy machine: seconds on an idle one.
const computes = 4 * time.Minute

// result is what the program said last.
func (w *work) result(t *testing.T) string {
	t.Helper()
	late := time.AfterFunc(computes, func() { w.lab.Kill(w.node, w.pid) })
	defer late.Stop()
	if err := w.cmd.Wait(); err != nil {
		t.Errorf("the program ends with %v", err)
	}
	lines := strings.Split(strings.TrimSpace(w.said.String()), "\n")
	return lines[len(lines)-1]
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// where the program is now.
func (w *work) where(t *testing.T) int {
	t.Helper()
	node, err := w.lab.Where(t.Context(), w.node, w.pid)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// logged waits until a node's log contains a text.
func logged(t *testing.T, lab *labtest.Lab, node int, text string) {
	t.Helper()
	until(t, "the log says "+text, func() bool {
		log, err := lab.Log(node)
		return err == nil && strings.Contains(log, text)
	})
}

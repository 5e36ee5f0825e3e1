package commands

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// screen is a terminal of 80 by 24, held by a tmux server of its own.
type screen struct {
	t   *testing.T
	dir string // where its socket lies
}

func (s screen) tmux(args ...string) (string, error) {
	out, err := exec.Command("tmux", append([]string{"-S", filepath.Join(s.dir, "socket"), "-f", os.DevNull}, args...)...).CombinedOutput()
	return string(out), err
}

// show runs a command on node 1 in a terminal of that kind.
func show(t *testing.T, lab *labtest.Lab, term string, argv ...string) screen {
	t.Helper()
	s := screen{t, t.TempDir()}
	c := lab.Command(t.Context(), 1, "/", argv...)
	line := slices.DeleteFunc(slices.Clone(c.Args), func(a string) bool { return a == "--no-tty" })
	args := append([]string{"new-session", "-d", "-x", "80", "-y", "24", "env", "TERM=" + term}, line...)
	if out, err := s.tmux(args...); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	t.Cleanup(func() { _, _ = s.tmux("kill-server") })
	return s
}

func (s screen) press(keys ...string) {
	s.t.Helper()
	if out, err := s.tmux(append([]string{"send-keys"}, keys...)...); err != nil {
		s.t.Fatalf("tmux send-keys %v: %v: %s", keys, err, out)
	}
}

// sees waits until the screen has a line with all of these words, and gives it.
func (s screen) sees(words ...string) string {
	s.t.Helper()
	var text string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		text, _ = s.tmux("capture-pane", "-p")
		for line := range strings.Lines(text) {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return line
			}
		}
	}
	s.t.Fatalf("no line has %q:\n%s", words, text)
	return ""
}

// ends waits until the program has left, and its terminal with it.
func (s screen) ends() {
	s.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, err := s.tmux("has-session"); err != nil {
			return
		}
	}
	s.t.Fatal("q does not end it")
}

// The full screens at 80 by 24, mosmon in monochrome: what they show, and what keys do.
func TestFullScreens(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	lab := labtest.Up(t, 2)
	sleeper := lab.Command(t.Context(), 1, "/", "sleep", "4711")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() })

	m := show(t, lab, "vt100", "mosmon")
	m.sees("openMosix", "Load")
	m.sees("1", "2")
	m.press("m")
	m.sees("openMosix", "Memory")
	m.press("q")
	m.ends()

	// Without a daemon there is nothing to show.
	for _, name := range []string{"mosmon", "mtop"} {
		n := show(t, lab, "screen", "sh", "-c", name+" --run-dir /nowhere; echo status $?; read line")
		n.sees(name + ": the node daemon is not running")
		n.sees("status 11")
		n.press("Enter")
		n.ends()
	}

	p := show(t, lab, "screen", "mtop")
	p.sees("sleep 4711")
	p.press("/", "4711", "Enter")
	p.sees("> ", "sleep 4711") // the first one is selected
	p.press("2")
	p.sees("2    1", "sleep 4711") // NODE, MIGS
	p.press("h")
	p.sees("-    2", "sleep 4711")
	p.press("q")
	p.ends()
}

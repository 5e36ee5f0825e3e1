package toandfro

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/test/labtest"
)

var (
	interval = flag.Duration("interval", 40*time.Millisecond, "time between two moves")
	seed     = flag.Uint64("seed", 1, "of the order of the nodes and processes moved")
)

// site is where a case runs: a directory that is the same for both runs, and
// what the script is told by its environment.
type site struct {
	c       Case
	work    string // the directory it runs in
	pid     string // the file the root's pid is written to
	targets string
	env     []string
	argv    []string
}

func prepare(t *testing.T, c Case) site {
	t.Helper()
	if missing := c.lacking(); missing != "" {
		t.Skip(missing)
	}
	scratch := labtest.Scratch(t)
	cases := filepath.Join(scratch, "cases") // the tree itself may be where nodes do not see it
	if err := os.CopyFS(cases, os.DirFS("cases")); err != nil {
		t.Fatal(err)
	}
	s := site{c: c, work: filepath.Join(scratch, "work"), pid: filepath.Join(scratch, "pid"), targets: filepath.Join(scratch, "targets")}
	s.env = []string{
		"CASES=" + cases, "TARGETS=" + s.targets, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"LC_ALL=C.UTF-8", "SOURCE_DATE_EPOCH=0", "PYTHONDONTWRITEBYTECODE=1", "TZ=UTC",
	}
	// The shell's pid becomes the program's: its file is there before the program starts.
	s.argv = append([]string{"env", "-i"}, s.env...)
	s.argv = append(s.argv, "sh", "-c", `echo $$ > "$0"; exec "$@"`, s.pid)
	for _, word := range c.Argv {
		s.argv = append(s.argv, strings.ReplaceAll(word, "$CASES", cases))
	}
	return s
}

// fresh empties the directory and sets the case up in it.
func (s site) fresh(t *testing.T) {
	t.Helper()
	for _, path := range []string{s.work, s.pid, s.targets} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(s.work, 0o755); err != nil {
		t.Fatal(err)
	}
	if s.c.Setup == "" {
		return
	}
	c := exec.Command("sh", "-ec", s.c.Setup)
	c.Dir, c.Env = s.work, append(os.Environ(), s.env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("set up: %v\n%s", err, out)
	}
}

// run executes one run to its end; meanwhile is told when it has begun and
// must end when its context does.
func (s site) run(t *testing.T, command func(context.Context) *exec.Cmd, meanwhile func(context.Context)) outcome {
	t.Helper()
	s.fresh(t)
	ctx, cancel := context.WithTimeout(context.Background(), s.c.limit())
	defer cancel()
	cmd := command(ctx)
	var o outcome
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	moving, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if meanwhile != nil {
			meanwhile(moving)
		}
	}()
	// How it ends is judged by its status alone.
	_ = cmd.Wait()
	stop()
	<-over
	if ctx.Err() != nil {
		t.Fatalf("it did not end within %v; it said\n%s\n%s", s.c.limit(), tail(stdout.Bytes()), tail(stderr.Bytes()))
	}
	t.Logf("took %v", time.Since(start).Round(time.Millisecond))
	o.stdout, o.stderr, o.status = stdout.Bytes(), stderr.Bytes(), cmd.ProcessState.String()
	var err error
	if o.files, err = snapshot(s.work, s.c.Ignore); err != nil {
		t.Fatalf("look at its files: %v", err)
	}
	return o
}

func tail(text []byte) []byte { return text[max(0, len(text)-2000):] }

// TestNative runs each case twice without a move: only a case that is the same
// both times is fit to judge.
func TestNative(t *testing.T) {
	for _, c := range Cases() {
		if testing.Short() && !c.Quick {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s := prepare(t, c)
			native := func(ctx context.Context) *exec.Cmd {
				cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...)
				cmd.Dir = s.work
				cmd.WaitDelay = time.Second
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
				return cmd
			}
			compare(t, s.run(t, native, nil), s.run(t, native, nil))
		})
	}
}

// TestMoved runs each case at home on node 1, and then moved.
func TestMoved(t *testing.T) {
	lab := labtest.Up(t, 3)
	for _, c := range Cases() {
		if testing.Short() && !c.Quick {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s := prepare(t, c)
			inLab := func(ctx context.Context) *exec.Cmd { return lab.Command(ctx, 1, s.work, s.argv...) }
			want := s.run(t, inLab, nil)
			defer s.killLeft(t, lab)
			m := &labtest.Mover{Lab: lab, Home: 1, Interval: *interval, Seed: *seed, Roots: s.roots, Tree: c.Tree}
			got := s.run(t, inLab, m.Run)
			compare(t, want, got)
			if c.MayStay {
				m.Judge(t, 0)
			} else {
				m.Judge(t, fewest)
			}
		})
	}
}

// fewest is how many moves a run must have seen to mean anything.
const fewest = 3

// roots are the processes that are to be moved: those the script has named, or
// the one that was started.
func (s site) roots() []int {
	if pids := readPIDs(s.targets); len(pids) > 0 {
		return pids
	}
	return readPIDs(s.pid)
}

func readPIDs(path string) []int {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil // not written yet
	}
	var pids []int
	for _, word := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(word); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

// killLeft ends what a failed run may have left in the node.
func (s site) killLeft(t *testing.T, lab *labtest.Lab) {
	if !t.Failed() {
		return
	}
	for _, pid := range append(readPIDs(s.targets), readPIDs(s.pid)...) {
		lab.Kill(1, pid)
	}
}

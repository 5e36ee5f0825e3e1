package zoo

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	// A run takes seconds; on a machine that has twenty other things to do it takes many times that.
	nativeLimit = 90 * time.Second
	movedLimit  = 90 * time.Second
	// nativeTime is how long a native run goes on before it is told to stop: some laps.
	nativeTime = 40 * time.Millisecond
)

func isLacking(err error) bool { return errors.Is(err, ErrLacking) }

func programs(t *testing.T) []Program {
	t.Helper()
	all, err := Programs("src")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no programs in src")
	}
	return all
}

// TestNative runs every program without a move: what fails here is wrong in
// the program, not in what it judges.
func TestNative(t *testing.T) {
	scratch := labtest.Scratch(t)
	for _, p := range programs(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			argv, dir, stop := prepare(t, p, scratch, nativeLimit)
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			r := start(t, cmd, stop, nativeLimit)
			// The group may hold children of a program that failed.
			t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
			if _, ok := r.untilReady(); !ok {
				return
			}
			time.Sleep(nativeTime)
			r.finish()
		})
	}
}

// TestHeads reads heads that are wrong.
func TestHeads(t *testing.T) {
	for name, head := range map[string]string{
		"no property":          "#include \"zoo.h\"\n",
		"unknown expectation":  "// A property.\n// expect: wonders\n",
		"refused without code": "// A property.\n// expect: refused\n",
		"moves with code":      "// A property.\n// expect: moves quickly\n",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "p.c"), []byte(head), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Programs(dir); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, p := range programs(t) {
		if p.Code == "" {
			continue
		}
		if _, ok := labtest.StatusNamed(p.Code); !ok {
			t.Errorf("%s: %q is no status of migrate", p.Name, p.Code)
		}
	}
}

// TestMoved runs every program (with -short, the quick ones) on node 1 and
// moves it while it checks itself.
func TestMoved(t *testing.T) {
	lab := labtest.Up(t, 3)
	scratch := labtest.Scratch(t)
	for _, p := range programs(t) {
		if testing.Short() && !p.Quick {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			if p.Open != "" && !*openToo {
				t.Skip("open: " + p.Open)
			}
			t.Parallel()
			runMoved(t, lab, p, scratch)
		})
	}
}

// attendedEvery is how many of the quick programs the short run leaves out for
// each that it has attended.
const attendedEvery = 4

// TestAttended is TestMoved with programs of attended families: traced from
// their beginning, at home or already begun on another node.
func TestAttended(t *testing.T) {
	lab := labtest.Up(t, 3)
	for how, place := range map[string]string{"at_home": "-l", "away": "-3"} {
		scratch := labtest.Scratch(t)
		quick := 0
		for _, p := range programs(t) {
			if quick++; testing.Short() && (!p.Quick || quick%attendedEvery != 0) || p.Open != "" && !*openToo || debugs[p.Name] {
				continue
			}
			t.Run(p.Name+"_"+how, func(t *testing.T) {
				t.Parallel()
				runMoved(t, lab, p, scratch, "openmosix", "mosrun", place)
			})
		}
	}
}

// debugs are programs that trace, or are traced: attended ones cannot.
var debugs = map[string]bool{"refused_traced": true}

// followEvery is how many of the quick programs the short run leaves out for each
// whose memory follows.
const followEvery = 4

// TestFollowed is TestMoved with programs whose memory follows them: they run
// before they have it.
func TestFollowed(t *testing.T) {
	lab := labtest.Up(t, 3)
	scratch := labtest.Scratch(t)
	quick := 0
	for _, p := range programs(t) {
		if quick++; testing.Short() && (!p.Quick || quick%followEvery != 0) || p.Open != "" && !*openToo {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			runMovedBy(t, lab, p, scratch, []string{"--strategy=postcopy"}, "env", "ZOO_FOLLOWED=1")
		})
	}
}

// runMoved runs one program, started by a command of its own where given, and moves it.
func runMoved(t *testing.T, lab *labtest.Lab, p Program, scratch string, starter ...string) {
	runMovedBy(t, lab, p, scratch, nil, starter...)
}

// runMovedBy is runMoved with flags for migrate.
func runMovedBy(t *testing.T, lab *labtest.Lab, p Program, scratch string, flags []string, starter ...string) {
	argv, dir, stop := prepare(t, p, scratch, movedLimit)
	ctx, cancel := context.WithTimeout(context.Background(), movedLimit+5*time.Second)
	defer cancel()
	r := start(t, lab.Command(ctx, 1, dir, append(starter, argv...)...), stop, movedLimit)
	r.flags = flags
	pid, ok := r.untilReady()
	if !ok {
		return
	}
	defer func() {
		if t.Failed() {
			lab.Kill(1, pid)
		}
	}()
	if move(ctx, r, lab, p, pid) {
		r.finish()
	}
}

// TestForeignKernel moves programs to nodes whose kernel has another vDSO, and
// programs that live in another time than their node.
func TestForeignKernel(t *testing.T) {
	t.Setenv("OPENMOSIX_VDSO", "foreign")
	lab := labtest.Up(t, 3)
	names := map[string]bool{"clock_forward": true, "mem_no_vdso": true, "random_bytes": true, "sig_altstack": true, "thread_home": true}
	for _, p := range programs(t) {
		if !names[p.Name] {
			continue
		}
		t.Run(p.Name, func(t *testing.T) { runMoved(t, lab, p, labtest.Scratch(t)) })
		t.Run(p.Name+"_in_other_time", func(t *testing.T) {
			runMoved(t, lab, p, labtest.Scratch(t), "unshare", "--time", "--monotonic", "100000", "--boottime", "-500")
		})
	}
}

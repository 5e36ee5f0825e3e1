package policy

import (
	"bufio"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"openmosix/internal/model/nodelist"
)

func of[T any](v T) *T { return &v }

// tree starts a shell that waits for a line, then runs script; the pids that
// the script prints are those of interest.
func tree(t *testing.T, script string, env ...string) (shell int, begin func() []int) {
	t.Helper()
	c := exec.Command("/bin/sh", "-c", "read go; "+script+"; read stop")
	c.Env = append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	t.Cleanup(func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		in.Close()
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c.Process.Pid, func() []int {
		if _, err := in.Write([]byte("go\n")); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range strings.Fields(line) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
		return pids
	}
}

func open(t *testing.T, path string) *Registry {
	t.Helper()
	r, err := Open("/proc", path, TellCommand)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInheritance(t *testing.T) {
	const sleep = "sleep 100 >/dev/null 2>&1 & echo $!"
	for name, c := range map[string]struct {
		script string
		marked bool
		want   bool
	}{
		"a child":                                {sleep, false, true},
		"a grandchild whose parent has ended":    {"(" + sleep + ")", true, true},
		"a daemon":                               {"setsid sh -c 'sleep 100 >/dev/null 2>&1 & echo $!'", true, true},
		"one that execs":                         {"sh -c 'echo $$; exec sleep 100 >/dev/null 2>&1' & sleep 0.2", false, true},
		"a child with a cleaned environment":     {"env -i sleep 100 >/dev/null 2>&1 & echo $!", false, true},
		"a session of its own, its parent lives": {"setsid sleep 100 >/dev/null 2>&1 & echo $!", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, filepath.Join(t.TempDir(), "policies.json"))
			var env []string
			if c.marked { // as what mosrun becomes
				_, mark, err := r.Set(os.Getpid(), Change{Lock: of(true)})
				if err != nil {
					t.Fatal(err)
				}
				env = []string{MarkVariable + "=" + mark}
			}
			shell, begin := tree(t, c.script, env...)
			if !c.marked {
				if _, _, err := r.Set(shell, Change{Lock: of(true)}); err != nil {
					t.Fatal(err)
				}
			}
			for _, pid := range begin() {
				p, err := r.Of(pid)
				for try := 0; try < 100 && err == nil && p.Lock != c.want; try++ { // it may be in the middle of its exec
					syscall.Nanosleep(&syscall.Timespec{Nsec: 1e7}, nil)
					p, err = r.Of(pid)
				}
				if err != nil || p.Lock != c.want {
					t.Errorf("process %d: %+v, %v", pid, p, err)
				}
			}
		})
	}
}

func TestNotInherited(t *testing.T) {
	r := open(t, filepath.Join(t.TempDir(), "policies.json"))
	shell, begin := tree(t, "sleep 100 >/dev/null 2>&1 & echo $!")
	child := begin()[0]
	syscall.Nanosleep(&syscall.Timespec{Nsec: 3e7}, nil)
	if _, _, err := r.Set(shell, Change{Lock: of(true)}); err != nil {
		t.Fatal(err)
	}
	if p, err := r.Of(child); err != nil || p.Lock {
		t.Errorf("a child from before: %+v, %v", p, err)
	}
	if p, err := r.Of(os.Getpid()); err != nil || p.Lock || p.Disclosure != TellCommand {
		t.Errorf("a stranger: %+v, %v", p, err)
	}
}

func TestTheNodesDisclosure(t *testing.T) {
	r := open(t, filepath.Join(t.TempDir(), "policies.json"))
	shell, begin := tree(t, "sleep 100 >/dev/null 2>&1 & echo $!")
	if p, _, err := r.Set(shell, Change{Lock: of(true)}); err != nil || p.Disclosure != TellCommand {
		t.Fatalf("%+v, %v", p, err)
	}
	child := begin()[0]
	r.Tell(TellPID)
	for _, pid := range []int{shell, child, os.Getpid()} {
		if p, err := r.Of(pid); err != nil || p.Disclosure != TellPID {
			t.Errorf("%d, after a change of the node's: %+v, %v", pid, p, err)
		}
	}
	if _, _, err := r.Set(child, Change{Disclosure: of(TellUser)}); err != nil {
		t.Fatal(err)
	}
	r.Tell(TellNothing)
	if p, err := r.Of(child); err != nil || p.Disclosure != TellUser || r.All()[shell].Disclosure != TellNothing {
		t.Errorf("what was said of a process: %+v, %v, %+v", p, err, r.All())
	}
}

func TestRegistryOutlivesTheDaemon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.json")
	r := open(t, path)
	shell, begin := tree(t, "sleep 100 >/dev/null 2>&1 & echo $!")
	allow, _ := nodelist.Parse("1-3")
	want, mark, err := r.Set(shell, Change{Allow: &allow, Disclosure: of(1), Kind: of(IOJob)})
	if err != nil || mark == "" {
		t.Fatal(err)
	}
	child := begin()[0]
	if err := r.Look(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	for _, pid := range []int{shell, child} {
		if p, err := again.Of(pid); err != nil || p.Places() != want.Places() || p.Disclosure != 1 || p.Kind != IOJob || p.MayGo(4) || !p.MayGo(2) {
			t.Errorf("%d: %+v, %v", pid, p, err)
		}
	}
	if _, _, err := again.Set(shell, Change{Disclosure: of(9)}); err == nil {
		t.Error("a disclosure of 9")
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken, err := Open("/proc", path, 0); err == nil || len(broken.All()) != 0 {
		t.Errorf("%v", err)
	}
}

// A look at all processes does not forget what was said meanwhile of one that
// began after the look had.
func TestWhatIsSaidDuringALookStays(t *testing.T) {
	r, err := Open("/proc", filepath.Join(t.TempDir(), "policies.json"), TellCommand)
	if err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(r.byPID) // the look begins
	shell, _ := tree(t, "true")
	if _, _, err := r.Set(shell, Change{Lock: of(true)}); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.forget(before, facts{})
	r.mu.Unlock()
	if p, err := r.Of(shell); err != nil || !p.Lock {
		t.Errorf("%+v, %v", p, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.forget(maps.Clone(r.byPID), facts{}) || len(r.byPID) > 0 {
		t.Errorf("kept of a process that is not there: %v", r.byPID)
	}
}

// Where the file cannot be written what is said holds all the same.
func TestNotKept(t *testing.T) {
	r, err := Open("/proc", filepath.Join(t.TempDir(), "absent", "policies.json"), TellCommand)
	if err != nil {
		t.Fatal(err)
	}
	p, mark, err := r.Set(os.Getpid(), Change{Lock: of(true)})
	if !errors.Is(err, ErrNotKept) || !p.Lock || mark == "" {
		t.Errorf("%+v, %q, %v", p, mark, err)
	}
	if p, err := r.Of(os.Getpid()); err != nil || !p.Lock {
		t.Errorf("%+v, %v", p, err)
	}
}

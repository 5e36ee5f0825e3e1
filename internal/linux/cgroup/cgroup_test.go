package cgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// kernelGroup is a group of this machine for the time of the test.
func kernelGroup(t *testing.T) *Group {
	t.Helper()
	g, err := Make(fmt.Sprintf("openmosix-test-%d", os.Getpid()))
	if errors.Is(err, ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Remove(10 * time.Second); err != nil {
			t.Error(err)
		}
	})
	return g
}

// in starts a line of shell in the group.
func in(t *testing.T, g *Group, line string) *exec.Cmd {
	t.Helper()
	// It waits until it is in the group, as a supervisor waits for its first message.
	cmd := exec.Command("/bin/sh", "-c", "read go; "+line)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	entered, err := g.Birth(cmd.SysProcAttr)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		_ = entered(0)
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if err := entered(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(stdin, "go"); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

func usage(t *testing.T, g *Group) Usage {
	t.Helper()
	u, err := g.Usage()
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestKernelCountsAndFreezes(t *testing.T) {
	parent := kernelGroup(t)
	g, err := parent.Child("one")
	if err != nil {
		t.Fatal(err)
	}
	if names := parent.Children(); len(names) != 1 || names[0] != "one" {
		t.Errorf("groups within: %v", names)
	}
	in(t, g, "while :; do :; done")
	until(t, "CPU time is counted", func() bool { return usage(t, g).CPU > 10*time.Millisecond })
	if u := usage(t, parent); u.CPU == 0 {
		t.Errorf("the group around it counts nothing: %+v", u)
	}
	if err := g.Freeze(true); err != nil {
		t.Fatal(err)
	}
	until(t, "it stands still", func() bool {
		before := usage(t, g).CPU
		time.Sleep(50 * time.Millisecond)
		return usage(t, g).CPU == before
	})
	if err := g.Freeze(false); err != nil {
		t.Fatal(err)
	}
	still := usage(t, g).CPU
	until(t, "it goes on", func() bool { return usage(t, g).CPU > still })
	if err := parent.Remove(0); !errors.Is(err, unix.EBUSY) {
		t.Errorf("removing a group in use: %v", err)
	}
}

func TestKernelKeepsLimits(t *testing.T) {
	g := kernelGroup(t)
	if lacks := g.Lacks(); len(lacks) > 0 {
		t.Skipf("no controllers here for %v", lacks)
	}
	for _, l := range []Limits{{Weight: 1, CPUs: 0.5}, {Weight: Ordinary}, {}, {Weight: 10000, CPUs: 64}, {},
		{Memory: 48 << 20}, {Memory: 96 << 20}, {Memory: 24 << 20}, {}} {
		if err := g.Set(nil, l); err != nil {
			t.Errorf("%+v: %v", l, err)
		}
	}
	if err := g.Set(nil, Limits{Weight: 1, Memory: 48 << 20, PIDs: 20}); err != nil {
		t.Fatal(err)
	}
	t.Run("processes", func(t *testing.T) {
		bomb := in(t, g, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do sleep 60 & done 2>/dev/null; wait")
		until(t, "a process is refused", func() bool { return usage(t, g).Refused > 0 || bomb.ProcessState != nil })
		if u := usage(t, g); u.PIDs > 20 {
			t.Errorf("%+v", u)
		}
		killAll(t, g)
	})
	t.Run("memory", func(t *testing.T) {
		// Processes that have been killed count until somebody has reaped them.
		if err := g.Set(nil, Limits{Weight: 1, Memory: 48 << 20}); err != nil {
			t.Fatal(err)
		}
		hog := in(t, g, "head -c 300M /dev/zero | tail -c 200M >/dev/null")
		if err := hog.Wait(); hog.ProcessState.ExitCode() != 128+int(unix.SIGKILL) {
			t.Errorf("it ends with %v", err)
		}
		if u := usage(t, g); u.Killed == 0 || u.Memory > 48<<20 {
			t.Errorf("%+v", u)
		}
	})
}

// killAll ends what is left in the group.
func killAll(t *testing.T, g *Group) {
	t.Helper()
	until(t, "all have ended", func() bool {
		text, err := os.ReadFile(g.parts[0].dir + "/" + procsFile)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range strings.Fields(string(text)) {
			var pid int
			if _, err := fmt.Sscan(word, &pid); err == nil {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		}
		return len(text) == 0
	})
}

// A group that is idle leaves nearly all of a CPU to who is outside.
func TestKernelWeight(t *testing.T) {
	g := kernelGroup(t)
	if lacks := g.Lacks(); len(lacks) > 0 {
		t.Skipf("no controllers here for %v", lacks)
	}
	if err := g.Set(nil, Limits{}); err != nil {
		t.Fatal(err)
	}
	other, err := Make(fmt.Sprintf("openmosix-test-%d-owner", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Remove(10 * time.Second); err != nil {
			t.Error(err)
		}
	})
	// Both on one CPU, for as long as it takes them to use some of it.
	loop := "taskset -cp 0 $$ >/dev/null; while :; do :; done"
	in(t, g, loop)
	until(t, "the guest runs", func() bool { return usage(t, g).CPU > 20*time.Millisecond })
	in(t, other, loop)
	until(t, "the owner runs", func() bool { return usage(t, other).CPU > 20*time.Millisecond })
	guest, owner := usage(t, g).CPU, usage(t, other).CPU
	until(t, "the owner has used half a second", func() bool { return usage(t, other).CPU > owner+500*time.Millisecond })
	guest, owner = usage(t, g).CPU-guest, usage(t, other).CPU-owner
	if guest > owner/5 {
		t.Errorf("the guest got %v while the owner got %v", guest, owner)
	}
}

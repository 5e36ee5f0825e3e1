package check

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/refusal"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

const proc = procfs.FS("/proc")

func codes(t *testing.T, pid int) []refusal.Code {
	t.Helper()
	findings, err := Why(proc, pid)
	if err != nil {
		t.Fatal(err)
	}
	var all []refusal.Code
	for _, f := range findings {
		all = append(all, f.Code)
	}
	return all
}

// build compiles the program of states.
func build(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	binary := filepath.Join(t.TempDir(), "states")
	if out, err := exec.Command("gcc", "-O1", "-pthread", "-o", binary, "testdata/states.c").CombinedOutput(); err != nil {
		t.Skipf("cannot compile: %v\n%s", err, out)
	}
	return binary
}

// start brings a program into a state; other is the second process of the state.
func start(t *testing.T, binary, state string) (pid, other int) {
	t.Helper()
	cmd := exec.Command(binary, state)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	word, number, _ := strings.Cut(strings.TrimSpace(line), " ")
	if word != "ready" {
		t.Skip("not possible on this machine")
	}
	other, _ = strconv.Atoi(number)
	return cmd.Process.Pid, other
}

func TestStates(t *testing.T) {
	binary := build(t)
	for state, want := range map[string]struct{ first, other refusal.Code }{
		"plain":         {},
		"readonly-file": {},
		"shared":        {},
		"shared-large":  {refusal.SharedMemory, refusal.SharedMemory},
		"append":        {first: refusal.SharedMemory},
		"written-file":  {first: refusal.WrittenFile},
		"sysv":          {first: refusal.SysVShm},
		"locked":        {},
		"sealed":        {first: refusal.SealedMemory},
		"key":           {first: refusal.ProtectionKey},
		"secret":        {first: refusal.SecretMemory},
		"uffd":          {first: refusal.Userfaultfd},
		"uring":         {first: refusal.IOUring},
		"aio":           {first: refusal.AIO},
		"perf":          {first: refusal.Perf},
		"memory-file":   {first: refusal.MemoryFile},
		"realtime":      {first: refusal.RealTime},
		"strict":        {first: refusal.SeccompStrict},
		"leader":        {first: refusal.LeaderExited},
		"same-memory":   {refusal.SharedSpace, refusal.SharedSpace},
		"tracer":        {refusal.TracesOthers, refusal.Traced},
	} {
		t.Run(state, func(t *testing.T) {
			pid, other := start(t, binary, state)
			expect(t, pid, want.first)
			if other != 0 {
				expect(t, other, want.other)
			}
		})
	}
}

// Who has memory that once had a descriptor is found only where all processes may be looked at.
func TestMemfd(t *testing.T) {
	const inside = "CHECK_TEST_INSIDE"
	if os.Getenv(inside) == "" {
		c := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", os.Args[0], "-test.run=^TestMemfd$")
		c.Env = append(os.Environ(), inside+"=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	binary := build(t)
	for state, want := range map[string]struct{ first, other refusal.Code }{
		"memfd":        {},
		"memfd-closed": {},
		"memfd-child":  {},
		"memfd-given":  {},
		"shared-child": {},
		"memfd-twice":  {},
		"may-write":    {},
		"memfd-leader": {refusal.SharedMemory, refusal.LeaderExited},
		"memfd-thread": {first: refusal.SharedMemory},
		"memfd-sent":   {first: refusal.SharedMemory},

		"memfd-unaccepted": {first: refusal.SharedMemory},
	} {
		pid, other := start(t, binary, state)
		t.Log(state)
		expect(t, pid, want.first)
		if other != 0 {
			expect(t, other, want.other)
		}
		if family := (Checker{FS: proc}).Family(pid); want.first == "" && other != 0 && !slices.Equal(family, []int{other}) {
			t.Errorf("%s: it shares memory with %v, not with %d", state, family, other)
		}
		_ = syscall.Kill(-pid, syscall.SIGKILL) // what is on its way may be anything
	}
}

// Who has come to share the memory of a family, and is not traced yet, is of it like those who are, and so are the others:
// all of them can move. With somebody else's tracer none can.
func TestPartlyTraced(t *testing.T) {
	const inside = "CHECK_TEST_TRACER"
	if os.Getenv(inside) == "" {
		c := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", os.Args[0], "-test.run=^TestPartlyTraced$")
		c.Env = append(os.Environ(), inside+"=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	binary := build(t)
	runtime.LockOSThread() // which traces
	defer runtime.UnlockOSThread()
	for _, state := range []string{"shared-child", "memfd-child", "memfd-given"} {
		pid, other := start(t, binary, state)
		for traced, not := range map[int]int{pid: other, other: pid} {
			if err := unix.PtraceSeize(traced); err != nil {
				t.Skip(err)
			}
			t.Log(state, traced == pid)
			expect(t, traced, "")
			expect(t, not, "")
			if got := (Checker{FS: proc}).Family(not); !slices.Equal(got, []int{traced}) {
				t.Errorf("its family are %v, not %d", got, traced)
			}
			regions, err := proc.Smaps(not)
			if err != nil {
				t.Fatal(err)
			}
			objects, _ := sole.Of(regions)
			kin, err := sole.KinOf(proc, not, objects, func(int) bool { return false })
			if err != nil || kin.Related(0) {
				t.Error("somebody else's tracer is taken for one of ours", err)
			}
			if err := unix.PtraceInterrupt(traced); err != nil {
				t.Fatal(err)
			}
			if _, err := unix.Wait4(traced, nil, unix.WALL, nil); err != nil {
				t.Fatal(err)
			}
			if err := unix.PtraceDetach(traced); err != nil {
				t.Fatal(err)
			}
		}
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

func expect(t *testing.T, pid int, want refusal.Code) {
	t.Helper()
	got := codes(t, pid)
	if want == "" && len(got) == 0 || slices.Equal(got, []refusal.Code{want}) {
		return
	}
	t.Errorf("process %d: %q, want %q", pid, got, want)
}

func TestZombieAndGone(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	pid := cmd.Process.Pid
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if s, err := proc.Stat(pid); err == nil && s.State == 'Z' {
			break
		}
	}
	expect(t, pid, refusal.Zombie)
	_ = cmd.Wait()
	if _, err := Why(proc, pid); !errors.Is(err, procfs.ErrGone) {
		t.Error(err)
	}
}

// Of a process that ends while it is looked at the memory goes first: that is its end, and no failure.
func TestEnding(t *testing.T) {
	binary := build(t)
	for range 40 {
		pid, _ := start(t, binary, "shared")
		go func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
		for {
			found, err := Why(proc, pid)
			if err != nil && !errors.Is(err, procfs.ErrGone) {
				t.Fatal(err)
			}
			if err != nil || len(found) > 0 && found[0].Code == refusal.Zombie {
				break
			}
		}
	}
}

func TestKernelThread(t *testing.T) {
	if s, err := proc.Status(2); err != nil || !s.Kthread {
		t.Skip("process 2 is no kernel thread here")
	}
	expect(t, 2, refusal.KernelThread)
}

// The first process of a machine may be closed even to root; that it is the
// first is reason enough.
func TestInit(t *testing.T) {
	if got := codes(t, 1); !slices.Contains(got, refusal.Init) {
		t.Error(got)
	}
}

func TestOurs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	expect(t, os.Getpid(), refusal.Self)
	facts, err := Checker{FS: proc, Guest: func(pid int) bool { return pid == os.Getpid() }}.Facts(os.Getpid())
	if err != nil || !facts.Guest || !facts.Ours {
		t.Error(facts, err)
	}
	if got := fmt.Sprint(refusal.Judge(*facts)); !strings.Contains(got, "home") {
		t.Error(got)
	}
}

func TestThread(t *testing.T) {
	tids, err := proc.Threads(os.Getpid())
	if err != nil || len(tids) < 2 {
		t.Skip("only one thread")
	}
	if _, err := Why(proc, tids[len(tids)-1]); !errors.Is(err, ErrThread) {
		t.Error(err)
	}
}

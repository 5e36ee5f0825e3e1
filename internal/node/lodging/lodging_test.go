package lodging

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"openmosix/internal/linux/procfs"
)

const proc = procfs.FS("/proc")

// start starts a program in a room and gives its pid.
func start(t *testing.T, r *Room, argv ...string) int {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	entered, err := r.Birth(cmd.SysProcAttr)
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
	return cmd.Process.Pid
}

func TestWithoutGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making others nice and taking it back needs root")
	}
	var said bytes.Buffer
	h := Open("../no", Limits{EachPIDs: 100}, proc, slog.New(slog.NewTextHandler(&said, nil)))
	if n := strings.Count(said.String(), "without a control group"); n != 1 || !strings.Contains(h.Describe(), "no control group") {
		t.Errorf("%s\n%s", said.String(), h.Describe())
	}
	r, err := h.Room("s")
	if err != nil {
		t.Fatal(err)
	}
	pid := start(t, r, "sleep", "60")
	policy := func() string {
		stat, err := proc.Stat(pid)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("policy %d", stat.Policy)
	}
	if got := policy(); got != "policy 5" {
		t.Error(got)
	}
	if n := r.Processes(); n != 100 {
		t.Errorf("it may have %d processes", n)
	}
	r.Hurry(true)
	r.Tame([]int{pid})
	if got := policy(); got != "policy 0" {
		t.Error(got)
	}
	r.Hurry(false)
	r.Tame([]int{pid})
	if got := policy(); got != "policy 5" {
		t.Error(got)
	}
	r.Close()
	h.Close()
}

func TestWithGroup(t *testing.T) {
	name := fmt.Sprintf("openmosix-test-%d-house", os.Getpid())
	h := Open(name, Limits{Memory: 256 << 20, EachMemory: 64 << 20, EachPIDs: 50}, proc, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if h.group == nil {
		t.Skip(h.why)
	}
	r, err := h.Room("one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Room("two"); err != nil {
		t.Fatal(err)
	}
	pid := start(t, r, "sh", "-c", "while :; do :; done")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if cpu, _, known := r.Usage(); known && cpu > 5*time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no CPU time is counted")
		}
	}
	h.Throttle(0.1)
	r.Hurry(true)
	h.Throttle(0)
	r.Hurry(false)
	if all := r.Mishaps(); len(all) > 0 {
		t.Error(all)
	}
	_ = syscall.Kill(pid, unix.SIGKILL)
	_, _ = syscall.Wait4(pid, nil, 0, nil)
	r.Close()

	// A later daemon finds the house, and a room that nobody has removed.
	later := Open(name, Limits{}, proc, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if names := later.group.Children(); len(names) != 1 || names[0] != "two" {
		t.Errorf("rooms: %v", names)
	}
	later.Sweep()
	if names := later.group.Children(); len(names) > 0 {
		t.Errorf("rooms after sweeping: %v", names)
	}
	// Who was in one may be ending just then.
	ending, err := h.Room("ending")
	if err != nil {
		t.Fatal(err)
	}
	pid = start(t, ending, "sleep", "1000")
	later.Sweep()
	if names := later.group.Children(); len(names) != 1 {
		t.Errorf("rooms beside one that is in use: %v", names)
	}
	_ = syscall.Kill(pid, unix.SIGKILL)
	_, _ = syscall.Wait4(pid, nil, 0, nil)
	for deadline := time.Now().Add(removeTime); len(later.group.Children()) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the room of one that has ended stays")
		}
	}
	later.Close()
	if strings.Contains(later.group.String(), name) {
		for dir := range strings.SplitSeq(later.group.String(), ", ") {
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%s is still there", dir)
			}
		}
	}
}

// While a room is being closed its group may be gone, and others come: that is no mishap.
func TestRoomThatCloses(t *testing.T) {
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn}))
	h := Open(fmt.Sprintf("openmosix-test-%d-closing", os.Getpid()), Limits{EachPIDs: 50}, proc, log)
	if h.group == nil {
		t.Skip(h.why)
	}
	defer h.Close()
	r, err := h.Room("one")
	if err != nil {
		t.Fatal(err)
	}
	r.closes()
	if err := r.group.Remove(removeTime); err != nil {
		t.Fatal(err)
	}
	other, err := h.Room("two")
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	r.Close()
	if said.Len() > 0 {
		t.Error(said.String())
	}
}

// Of limits only what has changed is written, as it is done for each program that comes; all when the configuration has changed.
func TestOnlyWhatHasChanged(t *testing.T) {
	h := Open(fmt.Sprintf("openmosix-test-%d-changed", os.Getpid()), Limits{EachPIDs: 50}, proc, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if h.group == nil {
		t.Skip(h.why)
	}
	defer h.Close()
	one, err := h.Room("one")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := h.Room("two")
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	read := func(r *Room, name string) string {
		for dir := range strings.SplitSeq(r.group.String(), ", ") {
			if text, err := os.ReadFile(dir + "/" + name); err == nil {
				return strings.TrimSpace(string(text))
			}
		}
		return ""
	}
	if got := read(one, "pids.max"); got != "50" {
		t.Skipf("no group limits processes: %q", got)
	}
	for dir := range strings.SplitSeq(one.group.String(), ", ") {
		_ = os.WriteFile(dir+"/pids.max", []byte("70"), 0) // to see whether it is written
	}
	two.Hurry(true)
	if got := read(one, "cpu.idle"); got == "0" {
		t.Error("who stays does not yield to who leaves")
	}
	two.Hurry(false)
	if got := read(one, "cpu.idle"); got == "1" {
		t.Error("who stays still yields")
	}
	if got := read(one, "pids.max"); got != "70" {
		t.Errorf("a limit is written that is what it was: %s", got)
	}
	h.Configure(Limits{EachPIDs: 50, CPUs: 1})
	if got := read(one, "pids.max"); got != "50" {
		t.Errorf("after another configuration: %s", got)
	}
}

package timeslice

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSet(t *testing.T) {
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}()
	pid := cmd.Process.Pid
	ordinary, err := Of(pid)
	if err != nil {
		t.Fatal(err)
	}
	if ordinary == 0 {
		t.Skip("this kernel has no slices of one's own (before Linux 6.12)")
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, pid, 3); err != nil {
		t.Fatal(err)
	}
	for _, want := range []time.Duration{Short, 7 * time.Millisecond, 0} {
		if err := Set(pid, want); err != nil {
			t.Fatal(err)
		}
		if want == 0 {
			want = ordinary
		}
		if got, err := Of(pid); err != nil || got != want {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	if attr, err := unix.SchedGetAttr(pid, 0); err != nil || attr.Nice != 3 {
		t.Errorf("it is as nice as %+v, %v", attr, err)
	}
	if err := Yield(pid); err != nil {
		t.Fatal(err)
	}
	if attr, err := unix.SchedGetAttr(pid, 0); err != nil || attr.Policy != unix.SCHED_BATCH || attr.Nice != 3 {
		t.Errorf("it waits for its turn as %+v, %v", attr, err)
	}
	for _, want := range []bool{true, false} {
		if was, err := Insist(pid, Short); err != nil || was != want {
			t.Errorf("it waited for its turn: %v, %v", was, err)
		}
		if attr, err := unix.SchedGetAttr(pid, 0); err != nil || attr.Policy != unix.SCHED_NORMAL || attr.Runtime != uint64(Short) {
			t.Errorf("it waits for no turn as %+v, %v", attr, err)
		}
	}
	if err := Set(1<<22+1, Short); err == nil || !strings.Contains(err.Error(), "time slice of thread") {
		t.Errorf("a thread that is none: %v", err)
	}
}

// The threads of the Go runtime are the process's, old and new.
func TestSetOwn(t *testing.T) {
	was, err := Of(0)
	if err != nil || was == 0 {
		t.Skipf("no slices here: %v", err)
	}
	if err := SetOwn(Short); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = SetOwn(0) }()
	if got, err := Of(0); err != nil || got != Short {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Ordinary(); err != nil || got != was {
		t.Errorf("the ordinary slice is %v, %v; it was %v", got, err, was)
	}
	out, err := exec.Command("/bin/true").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

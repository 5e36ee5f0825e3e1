package fault

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

const child = "FAULT_TEST_CHILD"

// TestReach has a child stop at one of two points, twice reached, and go on.
func TestReach(t *testing.T) {
	if os.Getenv(child) != "" {
		var f Fault
		if f.Set(string(HomeSent)) != nil {
			os.Exit(3)
		}
		f.Reach(HomeFrozen)
		f.Reach(HomeSent)
		f.Reach(HomeSent)
		os.Exit(5)
	}
	c := exec.Command(os.Args[0], "-test.run=TestReach$")
	c.Env = append(os.Environ(), child+"=1")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid := c.Process.Pid
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() || status.StopSignal() != unix.SIGSTOP {
		t.Fatalf("the child is not stopped: %#x, %v", status, err)
	}
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 5 {
		t.Errorf("the child ends with %#x, %v", status, err)
	}
}

func TestSet(t *testing.T) {
	for _, p := range Points() {
		if err := new(Fault).Set(string(p)); err != nil {
			t.Error(err)
		}
	}
	if new(Fault).Set("") != nil || new(Fault).Set("nowhere") == nil {
		t.Error("no point is a point, or nowhere is one")
	}
}

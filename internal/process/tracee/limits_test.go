package tracee

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnlimitedKeepsWhatOthersSet: limits are put back, but not over what somebody has set meanwhile.
func TestUnlimitedKeepsWhatOthersSet(t *testing.T) {
	c := exec.Command("sleep", "100")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait() // it was killed
	}()
	p := &Process{PID: c.Process.Pid}
	set := func(resource int, l unix.Rlimit) {
		t.Helper()
		if err := unix.Prlimit(p.PID, resource, &l, nil); err != nil {
			t.Fatal(err)
		}
	}
	none := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	some := unix.Rlimit{Cur: 1 << 32, Max: unix.RLIM_INFINITY}
	set(unix.RLIMIT_DATA, some)
	set(unix.RLIMIT_AS, some)
	if err := p.Unlimited(func() error {
		set(unix.RLIMIT_DATA, none)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for resource, want := range map[int]unix.Rlimit{unix.RLIMIT_DATA: none, unix.RLIMIT_AS: some} {
		var got unix.Rlimit
		if err := unix.Prlimit(p.PID, resource, nil, &got); err != nil || got != want {
			t.Errorf("limit %d is %v, not %v: %v", resource, got, want, err)
		}
	}
}

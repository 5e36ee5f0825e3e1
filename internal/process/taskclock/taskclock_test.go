package taskclock

import (
	"os/exec"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
)

// TestSince tells of a program that sleeps since when it does: not earlier, and not much later.
func TestSince(t *testing.T) {
	const fs = procfs.FS("/proc")
	before := time.Now()
	sleeper := exec.Command("sleep", "100")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = sleeper.Process.Kill()
		_ = sleeper.Wait()
	}()
	pid := sleeper.Process.Pid
	for {
		st, err := fs.Stat(pid)
		if err != nil {
			t.Fatal(err)
		}
		if st.State == 'S' && st.Comm == "sleep" {
			break
		}
		time.Sleep(time.Millisecond)
	}
	asleep := time.Now()
	time.Sleep(500 * time.Millisecond)
	s, err := fs.Sched(pid, pid)
	if err != nil {
		t.Skip(err)
	}
	st, err := fs.Stat(pid)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(st.Processor)
	if err != nil {
		t.Fatal(err)
	}
	since := r.Since(s.Began)
	if since.Before(before) || since.After(asleep.Add(200*time.Millisecond)) {
		t.Errorf("asleep since %v after it was begun, seen asleep after %v", since.Sub(before), asleep.Sub(before))
	}
	if later := r.Since(r.Shows + time.Hour); time.Since(later) > time.Second {
		t.Errorf("what the clock has not shown yet was %v ago", time.Since(later))
	}
}

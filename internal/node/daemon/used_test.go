package daemon

import (
	"os"
	"testing"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
)

// TestUsed: what a process used away is remembered while it is at home, and not
// taken for that of a later process with its pid.
func TestUsed(t *testing.T) {
	r := newHomes("/proc")
	pid := os.Getpid()
	stat, err := procfs.FS("/proc").Stat(pid)
	if err != nil {
		t.Fatal(err)
	}
	h := r.place(pid)
	h.update(supervisor.Event{Kind: supervisor.Gone, PID: pid, Used: &supervisor.Used{Start: stat.StartTime, CPUMicros: 5}})
	if u := r.usedBy(pid); u == nil || u.CPUMicros != 5 {
		t.Errorf("remembered %v", u)
	}
	if home := r.atHome(); len(home) != 1 || home[0].CPUMicros != 5 {
		t.Errorf("at home: %v", home)
	}
	h.update(supervisor.Event{Kind: supervisor.Gone, PID: pid, Used: &supervisor.Used{Start: stat.StartTime + 1, CPUMicros: 5}})
	if u := r.usedBy(pid); u != nil {
		t.Errorf("another process's: %v", u)
	}
}

package daemon

import (
	"testing"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/node/control"
)

// A supervisor is told which process is meant by more than its number, which may be another's, and another user's, by the
// time it looks.
func TestARequestNamesItsProcessForEver(t *testing.T) {
	one, _ := twoNodes(t, nil)
	pid := sleeper(t, 1000).Process.Pid
	stat, err := procfs.FS("/proc").Stat(pid)
	if err != nil {
		t.Fatal(err)
	}
	if q, _, no := one.plan(t.Context(), control.Caller{}, control.Request{Verb: control.Migrate, PID: pid, To: 2}); no.Code != "" || q.Start != stat.StartTime {
		t.Errorf("%+v: it began at %d (%+v)", q, stat.StartTime, no)
	}
}

package daemon

import (
	"strings"
	"testing"

	"openmosix/internal/model/supervisor"
)

func TestWhoLeavesTakesNothing(t *testing.T) {
	one, two := twoNodes(t, nil)
	process := sleeper(t, 12345).Process.Pid
	two.leaving.Store(true)
	if r := one.move(t, process, 2); r.Code != supervisor.Refused || !strings.Contains(r.Text, "goes down") {
		t.Errorf("to a node that leaves: %+v", r)
	}
	two.leaving.Store(false)
	one.leaving.Store(true)
	if r := one.move(t, process, 2); r.Code != supervisor.Refused || !strings.Contains(r.Text, "goes down") {
		t.Errorf("from a node that leaves: %+v", r)
	}
}

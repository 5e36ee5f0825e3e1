package failure

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"openmosix/internal/linux/fault"
	"openmosix/test/labtest"
)

// forks waits, makes a process, and says how that has ended.
const forks = `echo holds; until [ -e "$0" ]; do :; done; (exit 7); echo child $?; wait; echo counted`

// TestNewbornKilled kills a process that one which is away has made, before its deputy
// has taken a step: its parent has made it, and hears that it was killed.
func TestNewbornKilled(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
	defer cancel()
	stop := r.dir + "/forks"
	p := r.launch(t, ctx, stop, "/bin/dash", "-c", forks, stop)
	defer p.end()
	r.fault(t, fault.HomeForks)
	status, text := r.lab.Migrate(ctx, 1, p.pid, 2)
	r.fault(t, "")
	if status != labtest.Moved {
		t.Fatalf("migrate: %v: %s", status, text)
	}
	if err := os.WriteFile(stop, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	stopped := r.awaitStopped(t, 1)
	child := r.number(t, 1, fmt.Sprintf("pgrep -P %d", p.pid))
	if child == 0 {
		t.Errorf("there is no child")
	}
	r.shell(t, 1, fmt.Sprintf("kill -9 %d; kill -CONT %d", child, stopped))
	<-p.ended
	if !strings.Contains(p.said.String(), "child 137\ncounted\nended 0") {
		t.Errorf("it should have said that its child was killed: %s", p.said)
	}
	r.nothingLeft(t)
}

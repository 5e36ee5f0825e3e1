package failure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"openmosix/internal/linux/fault"
	"openmosix/test/labtest"
)

// TestOpenedAtTheLastMoment: a program that opens what shows its own memory after it was found
// movable, and before it stands still, does not move: it would be shown its deputy's.
func TestOpenedAtTheLastMoment(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
	defer cancel()
	opens, stop := filepath.Join(r.dir, "opens"), filepath.Join(r.dir, "stop")
	p := r.launch(t, ctx, stop, "/bin/sh", "-c", `echo waits; while [ ! -e "$0" ]; do :; done; exec 3</proc/self/mem; echo opened; while [ ! -e "$1" ]; do :; done; exec 3<&-; echo counted`, opens, stop)
	defer p.end()
	r.fault(t, fault.HomePrepared)
	moved := make(chan labtest.Status, 1)
	go func() {
		status, _ := r.lab.Migrate(ctx, 1, p.pid, 2)
		moved <- status
	}()
	supervisor := r.awaitStopped(t, 1)
	if err := os.WriteFile(opens, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p.says(t, "opened")
	r.shell(t, 1, fmt.Sprintf("kill -CONT %d", supervisor))
	if status := <-moved; status != labtest.CannotMove {
		t.Errorf("migrate says: %v", status)
	}
	p.judge(t, true, grace)
	r.nothingLeft(t)
}

package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// A supervisor that was started for a move may have been asked by somebody else first, have nothing left to look after,
// and end before it hears of this move: then another one does it. Not if it has crashed.
func TestAFreshSupervisorEndsBeforeTheMove(t *testing.T) {
	one, _ := twoNodes(t, nil)
	for _, c := range []struct {
		mark string
		want supervisor.Code
		text string
	}{
		{endsInOrder, "", ""},
		{endsBadly, supervisor.Internal, "ended before the move was done"},
	} {
		cmd := exec.Command("sleep", "60")
		cmd.Dir = t.TempDir()
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := os.WriteFile(filepath.Join(cmd.Dir, c.mark), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		got := one.move(t, cmd.Process.Pid, 2)
		if got.Code != c.want || !strings.Contains(got.Text, c.text) {
			t.Errorf("%s: %s %q", c.mark, got.Code, got.Text)
		}
	}
}

// With a supervisor that is killed die the processes it held that are away: whoever follows events is told of each, and how.
func TestProcessesThatDieWithTheirSupervisor(t *testing.T) {
	one, _ := twoNodes(t, nil)
	process := sleeper(t, 0)
	ear := one.listen(t, control.Request{Watch: &control.Watch{Since: time.Hour.Milliseconds()}})
	if got := one.move(t, process.Process.Pid, 2); got.Code != "" {
		t.Fatalf("%+v", got)
	}
	h, _, _ := one.homes.find(process.Process.Pid)
	if err := h.child.signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the loss", func() bool { return len(ear.of(event.Lost)) > 0 })
	lost := ear.of(event.Lost)
	want := event.Loss{PID: process.Process.Pid, From: 2, Reason: "the supervisor that looked after it here has ended: signal: killed"}
	if got := lost[0].What.(*event.Loss); len(lost) != 1 || *got != want {
		t.Errorf("%d told, the first is %+v, want %+v", len(lost), got, want)
	}
}

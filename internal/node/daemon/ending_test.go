package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"openmosix/internal/model/supervisor"
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

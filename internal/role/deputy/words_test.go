package deputy

import (
	"log/slog"
	"os/exec"
	"syscall"
	"testing"

	"openmosix/internal/process/tracee"
)

// A process that must come home, and ends instead, is not killed for not coming: its number may be another's.
func TestWhoHasEndedNeedNotComeHome(t *testing.T) {
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	s := &Supervisor{log: slog.New(slog.DiscardHandler)}
	p := &proc{s: s, link: new(link), Process: &tracee.Process{PID: other.Process.Pid}}
	p.hasEnded()
	s.bringHome(p, "a call")
	if err := other.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	if status := other.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
		t.Errorf("who has its number now ended by %v", status.Signal())
	}
}

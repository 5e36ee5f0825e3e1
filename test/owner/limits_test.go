package owner

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// limited skips where the lender has no control group to limit guests with.
func limited(t *testing.T, lab *labtest.Lab) {
	t.Helper()
	said, err := lab.Shell(t.Context(), lender, labtest.InNode+" status")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said, "no control group") || strings.Contains(said, "not limited") {
		t.Skipf("no limits here: %s", said)
	}
}

// killed waits for a program that was killed, as its parent sees it.
func (w *work) killed(t *testing.T) {
	t.Helper()
	var err error
	ended := make(chan struct{})
	go func() { err = w.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		w.lab.Kill(w.node, w.pid)
		<-ended
		t.Errorf("it does not end:\n%s", w.said.String())
	}
	exit, failed := errors.AsType[*exec.ExitError](err)
	if !failed || exit.ExitCode() != 128+int(syscall.SIGKILL) {
		t.Errorf("it ends with %v:\n%s", err, w.said.String())
	}
}

// others are what stands beside guests on the lender: its daemon, and a program of
// its own. The result fails the test unless both go on as they did.
func others(t *testing.T, lab *labtest.Lab) (goOn func()) {
	t.Helper()
	daemon, err := lab.Daemon(t.Context(), lender)
	if err != nil {
		t.Fatal(err)
	}
	own := lab.Command(t.Context(), lender, "/", "/bin/sh", "-c", "while :; do sleep 0.02; echo on; done")
	said := &labtest.Output{}
	own.Stdout = said
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		defer func() { _ = own.Process.Kill(); _ = own.Wait() }()
		before := len(said.String())
		until(t, "the lender's own program goes on", func() bool { return len(said.String()) > before })
		if now, err := lab.Daemon(t.Context(), lender); err != nil || now != daemon {
			t.Errorf("the lender's daemon was %d and is %d, %v", daemon, now, err)
		}
		if out, err := lab.Shell(t.Context(), lender, labtest.InNode+" status"); err != nil {
			t.Errorf("the lender's daemon does not answer: %v: %s", err, out)
		}
	}
}

// A guest that has as many processes as it may have on the lender comes home for the
// next one, and goes on there; the lender takes others meanwhile, and has what it had
// afterwards.
func TestAllProcesses(t *testing.T) {
	lab, path := nodes(t, "each_pids = 120"), program(t)
	limited(t, lab)
	goOn := others(t, lab)
	for _, way := range []string{"bomb", "threads"} {
		bomb := lent(t, lab, path, way, 300)
		other := lent(t, lab, path, "burn", 10)
		if got := other.result(t); !strings.HasPrefix(got, "result ") {
			t.Errorf("another guest meanwhile: %s", got)
		}
		if got := bomb.result(t); got != "over" || !strings.Contains(bomb.said.String(), "made 300: Success\n") {
			t.Errorf("%s: %s", way, bomb.said.String())
		}
		logged(t, lab, home, "no more processes and threads (guests.each_pids there")
		until(t, "nothing of it is left", func() bool {
			there, err := lab.Shell(t.Context(), lender, "ps -eo args | grep -c '[w]ork "+way+"' || true")
			here, err2 := lab.Shell(t.Context(), home, "ps -eo args | grep -c '[w]ork "+way+"' || true")
			return err == nil && err2 == nil && there == "0" && here == "0"
		})
	}
	goOn()
}

// A guest that uses more memory than it may is killed: at home it is seen to
// have been, and both logs say why.
func TestMemoryHog(t *testing.T) {
	lab, path := nodes(t, "each_memory_mib = 150"), program(t)
	limited(t, lab)
	goOn := others(t, lab)
	hog := lent(t, lab, path, "hog", 600)
	other := lent(t, lab, path, "burn", 300)
	hog.killed(t)
	goOn()
	logged(t, lab, lender, "guests.each_memory_mib")
	logged(t, lab, home, "killed where it ran")
	logged(t, lab, home, "event=lost")
	if got := other.result(t); !strings.HasPrefix(got, "result ") {
		t.Errorf("another guest: %s", got)
	}
}

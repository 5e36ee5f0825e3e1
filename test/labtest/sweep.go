package labtest

import (
	"bytes"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// sweeping waits for the end of its input, runs what ends those that use the directory, and
// removes it: as often as one of them that is about to end puts something in.
const sweeping = `cat >/dev/null
[ $# = 0 ] || "$@" || status=1
for try in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$0" && exit $status; sleep 1; done 2>&1
exit 1`

// sweep has a directory removed when the test is over, after a command that ends what uses it.
// A process of its own does both: it is there even if this one has been killed, by
// a limit of time for instance, and runs no Cleanup.
func sweep(t testing.TB, dir string, before ...string) {
	t.Helper()
	var said bytes.Buffer // not this process's own output, which nobody may hold open after it
	sweeper := exec.Command("/bin/sh", append([]string{"-c", sweeping, dir}, before...)...)
	sweeper.Stdout, sweeper.Stderr = &said, &said
	sweeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // who kills this process may kill its group
	input, err := sweeper.StdinPipe()
	if err == nil {
		err = sweeper.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		limit := time.AfterFunc(downLimit, func() { _ = syscall.Kill(-sweeper.Process.Pid, syscall.SIGKILL) })
		defer limit.Stop()
		_ = input.Close()
		if err := sweeper.Wait(); err != nil {
			t.Errorf("take down %s: %v\n%s", dir, err, said.String())
		}
	})
}

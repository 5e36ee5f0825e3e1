package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/internal/node/control"
)

// asCommand is set where this test binary is to be the program.
const asCommand = "OPENMOSIX_TEST_COMMAND"

func TestMain(m *testing.M) {
	if line := os.Getenv(asCommand); line != "" {
		os.Exit(Main(strings.Split(line, " "), "1.2"))
	}
	os.Exit(m.Run())
}

// Who interrupts a command is told what goes on nevertheless, and a shell sees by which signal it has
// ended: otherwise a loop of commands would go on.
func TestInterrupted(t *testing.T) {
	asked := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := fakeDaemonOf(t, func(_ control.Caller, r control.Request) control.Result {
		if r.Verb != control.Policy {
			asked <- struct{}{}
			<-ctx.Done()
		}
		return control.Result{}
	})
	for line, want := range map[string]string{
		"migrate 1 2":        "migrate: interrupted: the move of 1 goes on (`migrate --cancel 1` gives it up)\n",
		"migrate 1 3 4 home": "migrate: interrupted: the move of 1 goes on (`migrate --cancel 1` gives it up); 2 more were not begun\n",
		"migrate --cancel 1": "",
		"mosctl expel":       "mosctl: interrupted: expel goes on, and `openmosix events` tells its end (`mosctl noblock` has it begin no more moves)\n",
		"mosctl bring":       "mosctl: interrupted: bring goes on, and `openmosix events` tells its end (`mosctl nolstay` has it begin no more moves)\n",
		"mps":                "",
		"mtop -1":            "",
		"mosrun -F echo ran": "",
		"runon 1 -F echo":    "",
	} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), asCommand+"="+line, runDirVariable+"="+dir)
			var out, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-asked:
			case <-time.After(time.Minute):
				t.Fatalf("%s: nothing was asked", line)
			}
			_ = cmd.Process.Signal(s)
			_ = cmd.Wait()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !status.Signaled() || status.Signal() != s || said.String() != want || out.Len() != 0 {
				t.Errorf("%s, %v: %v, %q, %q", line, s, cmd.ProcessState, said.String(), out.String())
			}
		}
	}
}

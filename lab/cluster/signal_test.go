package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// execAndExit is lab exec without its command line: arguments base, name, script.
func execAndExit(args []string) int {
	l, err := Open(args[0], args[1])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	result, err := l.Exec(context.Background(), 1, Command{
		Argv: []string{"/bin/sh", "-c", args[2]}, Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Forward: true,
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return result.Code
}

// remote is a process that runs a command in node 1 of the shared lab. The
// command writes its pid to a file of the node when it is prepared.
type remote struct {
	*exec.Cmd
	lab  *Lab
	node string // pid of the command in the node
}

func startRemote(t *testing.T, prepare, script string) *remote {
	t.Helper()
	l := sharedLab(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := "/tmp/pid-" + strings.ReplaceAll(t.Name(), "/", "-")
	r := &remote{lab: l, Cmd: exec.Command(self, groupVerb, "exec-and-exit", l.base, l.name, prepare+"; echo $$ >"+file+"; "+script)}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Process.Kill()
		r.Wait()
	})
	out, _ := sh(t, l, 1, "while ! test -s "+file+"; do sleep 0.02; done; cat "+file+"; rm "+file)
	r.node = strings.TrimSpace(out)
	return r
}

// awaitState waits until a process is in one of the states of proc(5).
func awaitState(t *testing.T, what string, states string, read func() string) {
	t.Helper()
	state := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		_, after, _ := strings.Cut(read(), ") ")
		if state, _, _ = strings.Cut(after, " "); state != "" && strings.Contains(states, state) {
			return
		}
	}
	t.Errorf("%s is in state %q, want one of %q", what, state, states)
}

func (r *remote) await(t *testing.T, states string) {
	t.Helper()
	awaitState(t, "the caller", states, func() string {
		text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(r.Process.Pid), "stat"))
		return string(text)
	})
	awaitState(t, "the command", states, func() string {
		out, _ := sh(t, r.lab, 1, "cat /proc/"+r.node+"/stat")
		return out
	})
}

func TestSignalsArePassedOn(t *testing.T) {
	for _, c := range []struct {
		sig             unix.Signal
		prepare, script string
		want            int
	}{
		{unix.SIGTERM, ":", "exec sleep 100", 128 + 15},
		{unix.SIGINT, ":", "exec sleep 100", 128 + 2},
		{unix.SIGHUP, ":", "exec sleep 100", 128 + 1},
		{unix.SIGQUIT, "ulimit -c 0", "exec sleep 100", 128 + 3},
		{unix.SIGUSR1, "trap 'exit 9' USR1", "while :; do sleep 0.05; done", 9},
	} {
		t.Run(unix.SignalName(c.sig), func(t *testing.T) {
			r := startRemote(t, c.prepare, c.script)
			r.await(t, "SR")
			r.Process.Signal(c.sig)
			var exit *exec.ExitError
			if err := r.Wait(); !errors.As(err, &exit) || exit.ExitCode() != c.want {
				t.Errorf("%v, want status %d", err, c.want)
			}
		})
	}
}

func TestStopAndContinue(t *testing.T) {
	r := startRemote(t, ":", "exec sleep 100")
	r.await(t, "S")
	for range 2 {
		r.Process.Signal(unix.SIGTSTP)
		r.await(t, "T")
		r.Process.Signal(unix.SIGCONT)
		r.await(t, "S")
	}
}

func TestCallerKilled(t *testing.T) {
	r := startRemote(t, ":", "exec sleep 100")
	r.Process.Kill()
	r.Wait()
	if out, _ := sh(t, r.lab, 1, "for i in $(seq 100); do test -e /proc/"+r.node+" || { echo gone; exit; }; sleep 0.05; done"); out != "gone\n" {
		t.Error("the command outlives the process that ran it")
	}
}

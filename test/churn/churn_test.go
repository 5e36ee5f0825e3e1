package churn

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/test/labtest"
)

var (
	duration = flag.Duration("duration", 30*time.Second, "how long the program churns while it is moved; a soak takes 10m")
	interval = flag.Duration("interval", 40*time.Millisecond, "time between two moves")
	seed     = flag.Uint64("seed", 1, "of the order of the nodes")
	tree     = flag.Bool("tree", false, "move the program's children too, each alone")
)

const (
	nativeTime = 3 * time.Second
	shortTime  = 10 * time.Second
	// grace is for the last round: the program's own watchdog takes 60 s.
	grace = 90 * time.Second
)

// announced is the pid the program has said, if it has.
func announced(o *labtest.Output) []int {
	line, _, _ := strings.Cut(o.String(), "\n")
	pid, err := strconv.Atoi(strings.TrimPrefix(line, "ready "))
	if err != nil {
		return nil
	}
	return []int{pid}
}

func build(t *testing.T, dir string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not here; Debian has it in gcc and libc6-dev")
	}
	program := filepath.Join(dir, "churn")
	out, err := exec.Command("gcc", "-O1", "-pthread", "-I../zoo/src", "-o", program, "src/churn.c").CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return program
}

// churn runs the program for a time and judges its end; meanwhile goes on
// until then.
func churn(t *testing.T, cmd *exec.Cmd, o *labtest.Output, stop string, d time.Duration, meanwhile func(context.Context)) {
	t.Helper()
	cmd.Stdout, cmd.Stderr = o, o
	if err := cmd.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over, ended := make(chan struct{}), make(chan error, 1)
	go func() { defer close(over); meanwhile(ctx) }()
	go func() { ended <- cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
		t.Error("it ended before it was told to stop")
	case <-time.After(d):
		// It is told while it still moves: the end is under test too.
		if err := os.WriteFile(stop, nil, 0o644); err != nil {
			t.Error(err)
		}
		err = <-ended
	}
	cancel()
	<-over
	t.Logf("the program said:\n%s", o)
	if err != nil || !strings.HasSuffix(o.String(), "\nok\n") {
		t.Errorf("it ended with %v", err)
	}
}

func environment(stop string, d time.Duration) []string {
	return []string{"ZOO_STOP=" + stop, fmt.Sprintf("ZOO_SECONDS=%d", int((d + grace).Seconds()))}
}

// TestNative shows that the program itself is right.
func TestNative(t *testing.T) {
	dir := labtest.Scratch(t)
	ctx, cancel := context.WithTimeout(t.Context(), nativeTime+grace)
	defer cancel()
	stop := filepath.Join(dir, "stop")
	cmd := exec.CommandContext(ctx, build(t, dir))
	cmd.Env = append(os.Environ(), environment(stop, nativeTime)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	churn(t, cmd, &labtest.Output{}, stop, nativeTime, func(context.Context) {})
}

// TestMoved is the gate.
func TestMoved(t *testing.T) {
	length := *duration
	if testing.Short() {
		length = min(length, shortTime)
	}
	lab := labtest.Up(t, 3)
	dir := labtest.Scratch(t)
	ctx, cancel := context.WithTimeout(context.Background(), length+grace)
	defer cancel()
	stop := filepath.Join(dir, "stop")
	argv := append([]string{"env"}, environment(stop, length)...)
	o := &labtest.Output{}
	defer func() {
		for _, pid := range announced(o) {
			if t.Failed() {
				lab.Kill(1, pid)
			}
		}
	}()
	m := &labtest.Mover{Lab: lab, Home: 1, Interval: *interval, Seed: *seed, Roots: func() []int { return announced(o) }, Tree: *tree}
	churn(t, lab.Command(ctx, 1, dir, append(argv, build(t, dir))...), o, stop, length, m.Run)
	// One move in a second is far below what has to be possible.
	m.Judge(t, int(length.Seconds()))
}

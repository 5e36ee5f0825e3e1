package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a test has left that was killed goes with any run.
func TestGroupLeft(t *testing.T) {
	group := groupOfNobody(t)
	p, err := newPlace()
	if err != nil {
		t.Fatal(err)
	}
	p.remove(false)
	if _, err := os.Stat(group); group != "" && !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", group, err)
	}
}

// groupOfNobody makes a group by whose name the test that it belongs to is gone; "" if none can be made.
func groupOfNobody(t *testing.T) string {
	t.Helper()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		dir = filepath.Join(dir, fmt.Sprintf("openmosix-t%d-x", gone.Process.Pid))
		if os.Mkdir(dir, 0o755) == nil {
			t.Cleanup(func() { _ = os.Remove(dir) })
			return dir
		}
	}
	return ""
}

// A step that is broken off leaves nothing: no process, whatever group it is in, no file,
// no control group.
func TestBrokenOff(t *testing.T) {
	p, err := newPlace()
	if err != nil {
		t.Fatal(err)
	}
	group := groupOfNobody(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := filepath.Join(t.TempDir(), "told")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		step{name: "long", argv: []string{"/bin/sh", "-c", `trap "" TERM; setsid sleep 1000 & echo $! >$0.new; touch $TMPDIR/x $OPENMOSIX_SCRATCH/x; mv $0.new $0; exec sleep 0.5`, told}, env: p.env()}.run(ctx)
	}()
	var text []byte
	for len(text) == 0 {
		time.Sleep(10 * time.Millisecond)
		text, _ = os.ReadFile(told)
	}
	cancel()
	p.remove(true)
	<-ended
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && !strings.Contains(string(st), ") Z ") {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		t.Errorf("process %d is left", pid)
	}
	for _, path := range []string{p.temporary, p.scratch, group} {
		if _, err := os.Stat(path); path != "" && !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

package failure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// places are where a node may write; each is a file system of its own in a lab.
var places = []string{"/tmp", "/run", "/dev/shm", "/var/lib/openmosix"}

// fill leaves no room in a node's places, and gives back what there was.
func (r *rig) fill(t *testing.T, node int) (empty func()) {
	t.Helper()
	for _, dir := range places {
		r.shell(t, node, fmt.Sprintf(`mount -o remount,size=$(($(df --output=used %[1]s | tail -1) + 64))k %[1]s && { dd if=/dev/zero of=%[1]s/filled bs=4k status=none 2>/dev/null; ! echo x >%[1]s/more 2>/dev/null; }`, dir))
	}
	return func() {
		for _, dir := range places {
			r.shell(t, node, fmt.Sprintf("rm -f %[1]s/filled %[1]s/more; mount -o remount,size=1g %[1]s", dir))
		}
	}
}

// TestFull moves a process whose program the lender must fetch while a node's file
// systems are full: it moves, or it is said why not, and it goes on either way.
func TestFull(t *testing.T) {
	r := newRig(t)
	shell := filepath.Join(r.dir, "sh")
	text, err := os.ReadFile("/bin/sh")
	if err == nil {
		err = os.WriteFile(shell, text, 0o755)
	}
	if err == nil {
		err = os.Chmod(shell, 0o777) // the lender does not take its own file for this one
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, full := range []struct {
		name string
		node int
	}{{"lender", 2}, {"home", 1}} {
		t.Run(full.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
			defer cancel()
			p := r.startBy(t, ctx, shell)
			defer p.end()
			empty := r.fill(t, full.node)
			for _, to := range []int{2, 3, labtest.Home, 2} {
				status, text := r.lab.Migrate(ctx, 1, p.pid, to)
				t.Logf("to %s: %v: %s", labtest.Destination(to), status, text)
				if status != labtest.Moved && text == "" {
					t.Errorf("to %s: %v, and no reason", labtest.Destination(to), status)
				}
				time.Sleep(5 * pause)
			}
			empty()
			if status, text := r.lab.Migrate(ctx, 1, p.pid, 3); status != labtest.Moved {
				t.Errorf("when there is room again: %v: %s", status, text)
			}
			p.judge(t, true, grace)
			r.nothingLeft(t)
		})
	}
}

// leaves is the limit under which a process may have so many descriptors more.
func (r *rig) leaves(t *testing.T, node, pid, more int) int {
	t.Helper()
	taken := strings.Fields(r.shell(t, node, fmt.Sprintf("ls /proc/%d/fd", pid)))
	n := 0
	for ; more >= 0; n++ { // the first free one is the limit's
		if !slices.Contains(taken, strconv.Itoa(n)) {
			more--
		}
	}
	return n - 1
}

// TestDescriptorsRunOut has a daemon run out of descriptors at each step of a move: the
// process goes on, and with descriptors it moves again.
func TestDescriptorsRunOut(t *testing.T) {
	r := newRig(t)
	for _, node := range []int{1, 2} {
		t.Run(fmt.Sprintf("node %d", node), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*scenarioLimit)
			defer cancel()
			daemon, err := r.lab.Daemon(ctx, node)
			if err != nil {
				t.Fatal(err)
			}
			limit := func(n int) { r.shell(t, node, fmt.Sprintf("prlimit --pid %d --nofile=%d:", daemon, n)) }
			limit(r.leaves(t, node, daemon, 0))
			r.shell(t, node, "timeout 2 openmosix status >/dev/null 2>&1 || true") // it is let in later
			limit(1024)
			if text, err := r.lab.Log(node); err != nil || strings.Count(text, "cannot accept a client") != 1 {
				t.Errorf("the log is told how often that no client can be accepted? %v\n%s", err, text)
			}
			p := r.start(t, ctx)
			defer p.end()
			for more := 1; more <= 12; more++ {
				limit(r.leaves(t, node, daemon, more))
				status, text := r.lab.Migrate(ctx, 1, p.pid, 2)
				t.Logf("%d more: %v: %s", more, status, text)
				if status != labtest.Moved && text == "" {
					t.Errorf("%v, and no reason", status)
				}
				limit(1024)
				if status != labtest.Moved {
					continue
				}
				if status, text := r.lab.Migrate(ctx, 1, p.pid, labtest.Home); status != labtest.Moved {
					t.Errorf("home: %v: %s", status, text)
				}
			}
			if status, text := r.lab.Migrate(ctx, 1, p.pid, 2); status != labtest.Moved {
				t.Errorf("with descriptors: %v: %s", status, text)
			}
			p.judge(t, true, grace)
			r.nothingLeft(t)
		})
	}
}

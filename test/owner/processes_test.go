package owner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"openmosix/internal/linux/cgroup"
	"openmosix/test/labtest"
)

// ungrouped gives a node a new daemon, which can make no control group for guests: it
// limits the processes of the users whom they run as.
func ungrouped(t *testing.T, lab *labtest.Lab, node int, eachPIDs int) {
	t.Helper()
	users := 1_700_000_000 + os.Getpid()%100_000*1000 // of this test alone: other labs have theirs
	const inFile = "cgroup.procs/none"                // no directory can be made in a file
	sh := func(line string) {
		t.Helper()
		if _, err := lab.Shell(t.Context(), node, line); err != nil {
			t.Fatal(err)
		}
	}
	sh(fmt.Sprintf(`sed -i 's|^cgroup = .*|cgroup = "%s"\neach_pids = %d\nuid_base = %d|' /etc/openmosix/openmosix.toml`, inFile, eachPIDs, users))
	daemon, err := lab.Daemon(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	sh(fmt.Sprintf("kill -9 %[1]d; while kill -0 %[1]d 2>/dev/null; do :; done", daemon))
	again, err := lab.StartDaemon(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Process.Kill(); _ = again.Wait() })
	said, err := lab.Shell(t.Context(), node, labtest.InNode+" status")
	if err != nil || !strings.Contains(said, "no control group") {
		t.Fatalf("the daemon has a control group, or does not answer: %v: %s", err, said)
	}
}

// all lets a program that makes processes or threads end, and checks that it has made
// as many as it wanted.
func (w *work) all(t *testing.T, n int) {
	t.Helper()
	w.result(t)
	if _, got, _ := strings.Cut(w.said.String(), "\n"); got != fmt.Sprintf("made %d: Success\nover\n", n) {
		t.Errorf("it should have made %d: %s", n, w.said.String())
	}
}

// Without a control group, too, a guest that has as many processes as it may have on
// the lender comes home for the next one.
func TestAllProcessesWithoutGroup(t *testing.T) {
	lab, path := nodes(t, "weight = 100"), program(t)
	ungrouped(t, lab, lender, 120)
	goOn := others(t, lab)
	for _, way := range []string{"bomb", "threads"} {
		lent(t, lab, path, way, 300).all(t, 300)
	}
	logged(t, lab, home, "no more processes and threads (guests.each_pids there")
	goOn()
}

// Two lenders that are containers on one machine may have guests of the same user, whose
// processes the kernel counts together: who has too few itself to know that there can be no more
// comes home for the next one all the same.
func TestSharedUser(t *testing.T) {
	const other = lender + 1
	lab, path := labtest.UpOn(t, 0, runtime.NumCPU()-1, runtime.NumCPU()-1), program(t)
	for _, node := range []int{lender, other} {
		ungrouped(t, lab, node, 120)
	}
	crowd := start(t, lab, home, path, "crowd", 70)
	crowd.lend(t, other)
	until(t, "its processes are there", func() bool { return strings.Contains(crowd.said.String(), "made 70: Success") })
	for _, way := range []string{"bomb", "threads"} {
		lent(t, lab, path, way, 70).all(t, 70)
	}
	logged(t, lab, home, "no more processes and threads (guests.each_pids there")
	if err := os.Remove(crowd.file); err != nil {
		t.Fatal(err)
	}
	crowd.all(t, 70)
}

// The lender's kernel may refuse a thread or process for which there seemed to be room: who wants
// it comes home, and makes it there; no other child is ever seen.
func TestNoRoomAfterAll(t *testing.T) {
	lab, path := nodes(t, "weight = 100"), program(t)
	// As the body's own user: a test may have no CAP_SYS_RESOURCE.
	const limit = `set -- $(ps -e -o pid=,uid=,gid=,comm= | awk '$2 > 1000000000 && $4 == "work"') && setpriv --reuid $2 --regid $3 --clear-groups prlimit --pid $1 --nproc=%d:`
	allow := func(n int) {
		t.Helper()
		if text, err := lab.Shell(t.Context(), lender, fmt.Sprintf(limit, n)); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	const n = 20
	for _, way := range []string{"threads", "bomb", "pidfds"} {
		w := start(t, lab, home, path, way, n)
		w.lend(t, lender)
		allow(1)
		w.goOn(t)
		w.all(t, n)
	}
}

// pidsGroup makes a control group within that of a node for so many processes, or skips
// the test.
func pidsGroup(t *testing.T, lab *labtest.Lab, node, most int) (dir string) {
	t.Helper()
	mounts, err := lab.Shell(t.Context(), node, "cat /proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	groups, err := lab.Shell(t.Context(), node, "cat /proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range cgroup.Parse([]byte(mounts), []byte(groups)) {
		dir := filepath.Join(h.Mount, h.Own)
		if h.Unified {
			dir = filepath.Dir(dir) // beside the processes of the node
		} else if !slices.Contains(h.Controllers, cgroup.PIDs) {
			continue
		}
		dir = filepath.Join(dir, fmt.Sprintf("openmosix-t%d-few", os.Getpid()))
		line := fmt.Sprintf("mkdir %[1]s && { echo %[2]d >%[1]s/pids.max || { rmdir %[1]s; false; }; }", dir, most)
		if _, err := lab.Shell(t.Context(), node, line); err != nil {
			t.Log(err)
			continue
		}
		t.Cleanup(func() {
			if _, err := lab.Shell(context.WithoutCancel(t.Context()), node, "rmdir "+dir); err != nil {
				t.Error(err)
			}
		})
		return dir
	}
	t.Skip("no control group that limits processes can be made in the node")
	return ""
}

// A limit that home's control groups set to the number of processes is met away as at home.
func TestLimitedAtHome(t *testing.T) {
	lab, path := nodes(t, "weight = 100"), program(t)
	group := pidsGroup(t, lab, home, 20)
	starter := []string{"/bin/sh", "-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, group}
	for _, way := range []string{"bomb", "threads"} {
		native := startBy(t, lab, home, starter, path, way, 40)
		native.goOn(t)
		native.result(t)
		_, want, _ := strings.Cut(native.said.String(), "\n")
		if want != "made 19: Resource temporarily unavailable\nover\n" {
			t.Fatalf("at home it says: %s", want)
		}
		w := startBy(t, lab, home, starter, path, way, 40)
		w.lend(t, lender)
		w.result(t)
		if _, got, _ := strings.Cut(w.said.String(), "\n"); got != want {
			t.Errorf("away it says %q, at home %q", got, want)
		}
		moved := startBy(t, lab, home, starter, path, "crowd", 40)
		moved.lend(t, lender)
		until(t, "it has all it may have", func() bool { return strings.Contains(moved.said.String(), "made 19:") })
		if status, text := lab.Migrate(t.Context(), home, moved.pid, labtest.Home); status != labtest.Moved {
			t.Errorf("migrate home: %v: %s", status, text)
		}
		if err := os.Remove(moved.file); err != nil {
			t.Fatal(err)
		}
		if got := moved.result(t); got != "over" {
			t.Errorf("home again it says %q", got)
		}
	}
}

// A process has only so many deputies: one that wants more threads comes home for the next
// one, goes on there, and cannot leave again.
func TestMoreThreadsThanCanBeAway(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes its time to make them")
	}
	lab, path := nodes(t, "weight = 100"), program(t)
	const many = 2100 // stub.MaxSlots is 2048
	w := lent(t, lab, path, "gang", many)
	until(t, "it has them all", func() bool { return strings.Contains(w.said.String(), fmt.Sprintf("made %d: Success\n", many)) })
	if status, text := lab.Migrate(t.Context(), home, w.pid, lender); status != labtest.CannotMove || !strings.Contains(text, "threads") {
		t.Errorf("migrate: %v: %s", status, text)
	}
	if err := os.Remove(w.file); err != nil {
		t.Fatal(err)
	}
	w.all(t, many)
}

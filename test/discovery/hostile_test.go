package discovery

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"openmosix/test/labtest"
)

// upAllTheTime fails if a node has lost another, by what it has logged.
func upAllTheTime(t *testing.T, l *labtest.Lab, node int) {
	t.Helper()
	text, err := l.Log(node)
	if err != nil || strings.Contains(text, "event=node-gone ") || strings.Contains(text, "event=node-left ") {
		t.Errorf("node %d has lost another (%v)", node, err)
	}
}

// told is how often a node's log names a source of what it refuses.
func told(t *testing.T, l *labtest.Lab, node int, source string) int {
	t.Helper()
	text, err := l.Log(node)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(text, "event=stranger address="+source+" ")
}

// use is the memory in KiB and the descriptors of a node's daemon.
func use(ctx context.Context, t *testing.T, l *labtest.Lab, node int) (kib, files int) {
	t.Helper()
	pid, err := l.Daemon(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	text := shell(ctx, t, l, node, fmt.Sprintf("awk '/^VmRSS/ {print $2}' /proc/%d/status; ls /proc/%d/fd | wc -l", pid, pid))
	if n, err := fmt.Sscan(text, &kib, &files); n != 2 {
		t.Fatalf("%q: %v", text, err)
	}
	return kib, files
}

// What was recorded on the wire is sent again, from the same address, from
// another, and to a node that has started anew: it is refused, counted, named
// once for each source, and has no effect.
func TestReplays(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	dir := labtest.Scratch(t)
	program, file := programInNodes(t, dir), filepath.Join(dir, "packets")
	recorded, _ := strconv.Atoi(run(ctx, t, l, 1, program, "record", file, "4"))
	if recorded < 10 {
		t.Fatalf("%d packets are recorded", recorded)
	}
	before := refused(ctx, t, l, 1)
	for _, from := range []int{2, 3} {
		if n := run(ctx, t, l, from, program, "replay", file, "10.77.0.1"); n != strconv.Itoa(recorded) {
			t.Fatalf("%s of %d packets are sent", n, recorded)
		}
	}
	// Of beacons, its own are heard back in silence: multicast does that.
	if n := refused(ctx, t, l, 1) - before; n < uint64(recorded) {
		t.Errorf("%d packets of twice %d are refused", n, recorded)
	}
	for _, source := range []string{"10.77.0.2", "10.77.0.3"} {
		if n := told(t, l, 1, source); n != 1 {
			t.Errorf("%s is named %d times", source, n)
		}
	}
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
		upAllTheTime(t, l, n)
	}
	// To a node that has just started they are genuine, and old.
	stop(ctx, t, l, 1, "KILL")
	start(ctx, t, l, 1)
	run(ctx, t, l, 3, program, "replay", file, "10.77.0.1")
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
	}
}

// Ten thousand packets of garbage a second: the node stays what it is.
func TestAFloodOfGarbage(t *testing.T) {
	t.Parallel()
	seconds := 3
	if !testing.Short() {
		seconds = 20
	}
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	program := programInNodes(t, labtest.Scratch(t))
	before := refused(ctx, t, l, 1)
	memory, files := use(ctx, t, l, 1)
	run(ctx, t, l, 3, program, "flood", "10.77.0.1", "10000", strconv.Itoa(seconds))
	// What comes faster than it is read the kernel drops.
	if n := refused(ctx, t, l, 1) - before; n < 1000 {
		t.Errorf("%d packets are refused", n)
	}
	if n := told(t, l, 1, "10.77.0.3"); n != 1 {
		t.Errorf("the source is named %d times", n)
	}
	memoryAfter, filesAfter := use(ctx, t, l, 1)
	t.Logf("%d KiB, then %d KiB; %d descriptors, then %d; %d refused", memory, memoryAfter, files, filesAfter, refused(ctx, t, l, 1)-before)
	if memoryAfter > memory+32<<10 || filesAfter > files+8 {
		t.Errorf("%d KiB and %d descriptors are in use, %d and %d were", memoryAfter, filesAfter, memory, files)
	}
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
		upAllTheTime(t, l, n)
	}
}

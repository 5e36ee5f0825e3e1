package discovery

import (
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// work computes for some seconds and leaves its result; awk is one process that
// knows nothing of nodes.
const work = `setsid awk 'BEGIN { for (i = 0; i < 200000000; i++) s += i % 7; print s > "%s" }' >/dev/null 2>&1 </dev/null & echo $!`

const workResult = "599999994"

// A node that stops while processes are away in both directions: they end up at
// their homes, running, and come to the right results; the node has then left.
func TestStopBringsAllHome(t *testing.T) {
	l, ctx := labtest.UpFinding(t, 2), t.Context()
	root := labtest.Scratch(t)
	stop(ctx, t, l, 1, "TERM")
	shell(ctx, t, l, 1, "openmosix install --root "+root)
	script := "export OPENMOSIX_PROGRAM=" + root + "/usr/bin/openmosix OPENMOSIX_LOGFILE=" + root + "/log; " + root + "/etc/init.d/openmosix "
	shell(ctx, t, l, 1, script+"start")
	await(ctx, t, l, 2, "1 up; 2 up")
	await(ctx, t, l, 1, "1 up; 2 up")

	pids := make(map[int]string)
	for home, other := range map[int]string{1: "2", 2: "1"} {
		pids[home] = shell(ctx, t, l, home, strings.Replace(work, "%s", root+"/result"+other, 1))
		shell(ctx, t, l, home, "openmosix migrate "+pids[home]+" "+other)
	}
	if got := shell(ctx, t, l, 1, script+"stop"); got != "openMosix has stopped" {
		t.Errorf("stop: %s", got)
	}
	await(ctx, t, l, 2, "2 up")
	// At home, running, and nobody looks after them any more.
	for home, pid := range pids {
		status := shell(ctx, t, l, home, "grep -E '^(State|TracerPid)' /proc/"+pid+"/status | tr '\n\t' '  '")
		if !strings.Contains(status, "R (running)") || !strings.Contains(status, "TracerPid: 0") {
			t.Errorf("process %s of node %d: %s", pid, home, status)
		}
	}
	if left := shell(ctx, t, l, 1, "pgrep -f 'openmosix (node|home|guest)' || true; ls /run/openmosix/supervisors /run/openmosix/guests 2>/dev/null | grep -v :$ || true"); left != "" {
		t.Errorf("left on the node that stopped: %s", left)
	}
	for home, name := range map[int]string{1: "result2", 2: "result1"} {
		for end := time.Now().Add(5 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
			got, err := l.Shell(ctx, home, "cat "+root+"/"+name)
			if err == nil && got != "" {
				if got != workResult {
					t.Errorf("the process of node %d came to %s", home, got)
				}
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the process of node %d does not end: %v", home, err)
			}
		}
	}
}

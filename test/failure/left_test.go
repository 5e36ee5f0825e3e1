package failure

import (
	"strings"
	"testing"
	"time"
)

// left lists what a node has of ours beside its daemon: supervisors, bodies (by
// their user ids), sockets of supervisors, control groups of guests, and files in memory.
const left = `ps -e -o pid=,uid=,stat=,args= | awk '$2 >= 1868000000 && $2 < 1869000000 || / supervise-/' | grep -v awk; ls /run/openmosix/supervisors
find /tmp /dev/shm -mindepth 1
group=$(sed -n 's|.*/\(openmosix-lab-[^/]*\).*|\1|p' /proc/self/cgroup | head -1)
[ -z "$group" ] || find /sys/fs/cgroup -mindepth 1 -type d -path "*/$group/guests/*" 2>/dev/null || true`

// nothingLeft waits until all nodes are as before.
func (r *rig) nothingLeft(t *testing.T) {
	t.Helper()
	for node := 1; node <= r.lab.Nodes(); node++ {
		var rest string
		for range cleanTries {
			rest = r.shell(t, node, left)
			if now := r.shell(t, node, countMounts); now != r.mounts[node] {
				rest += "\nmounts: " + r.mounts[node] + " before, " + now + " now"
			}
			if rest == "" {
				break
			}
			time.Sleep(pause)
		}
		if rest != "" {
			t.Errorf("left on node %d:\n%s", node, rest)
		}
	}
}

// clean kills what is left after a failure.
func (r *rig) clean(t *testing.T) {
	t.Helper()
	for node := 1; node <= r.lab.Nodes(); node++ {
		text := r.shell(t, node, left)
		for line := range strings.Lines(text) {
			if pid, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
				r.shell(t, node, "kill -9 "+pid+" 2>/dev/null || true")
			}
		}
	}
}

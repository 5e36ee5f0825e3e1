package soak

import (
	"fmt"
	"strings"
)

// bodies lists the processes of guests, by their user ids.
const bodies = `ps -e -o pid=,uid=,stat=,args= | awk '$2 >= 1868000000 && $2 < 1869000000 && !/supervise-/' || true`

// left lists what a node has beside its init, its daemon, and the shell that asks:
// programs, supervisors, bodies; sockets of supervisors; and groups of guests.
const left = `ps -e -o pid=,ppid=,uid=,stat=,args= | awk -v me=$$ '$1 != 1 && $1 != me && $2 != me && !/[ \/]node --config/'
ls /run/openmosix/supervisors
group=$(sed -n 's/^cgroup = "\(.*\)"$/\1/p' /etc/openmosix/openmosix.toml)
find /sys/fs/cgroup -type d -path "*/$group/*"`

const countMounts = "wc -l </proc/self/mountinfo"

// nothingLeft waits until all nodes are as in the beginning.
func (s *soak) nothingLeft() {
	for _, n := range s.nodes {
		rest := ""
		s.until(fmt.Sprintf("nothing is left on node %d", n.number), func() bool {
			rest = s.shell(n.number, left)
			if now := s.shell(n.number, countMounts); now != n.mounts {
				rest += fmt.Sprintf("\nmounts: %s before, %s now", n.mounts, now)
			}
			return rest == ""
		})
		if rest != "" {
			s.t.Errorf("left on node %d:\n%s", n.number, rest)
		}
	}
}

// logsAreClean looks for what no daemon or supervisor may ever say.
func (s *soak) logsAreClean() {
	for _, n := range s.nodes {
		text, err := s.lab.Log(n.number)
		if err != nil {
			s.t.Error(err)
		}
		for line := range strings.Lines(text) {
			for _, word := range []string{"panic:", "fatal error:", "level=ERROR", "runtime error"} {
				// That one was lost is told of each that was on a node that died.
				if strings.Contains(line, word) && !strings.Contains(line, "lost") {
					s.t.Errorf("node %d says: %s", n.number, line)
				}
			}
		}
	}
}

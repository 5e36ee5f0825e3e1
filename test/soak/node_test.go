package soak

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// node of the lab. Up means that its daemon runs and it is not about to end.
type node struct {
	number int
	up     bool
	mounts string
	daemon *exec.Cmd // in place of the first one, which its lab has started; nil: that
}

// drop waits for a daemon that has ended, or ends it.
func (n *node) drop() {
	if n.daemon != nil {
		_ = n.daemon.Process.Kill()
		_ = n.daemon.Wait()
		n.daemon = nil
	}
}

// others are the nodes that are up beside one.
func (s *soak) others(than *node) []*node {
	var all []*node
	for _, n := range s.nodes {
		if n != than && n.up {
			all = append(all, n)
		}
	}
	return all
}

// join starts a daemon on a node that has none, and waits until all see it.
func (s *soak) join(n *node) {
	n.drop()
	var err error
	if n.daemon, err = s.lab.StartDaemon(context.Background(), n.number); err != nil {
		s.t.Fatal(err)
	}
	n.up = true
	for _, o := range s.others(n) {
		s.until(fmt.Sprintf("node %d sees node %d", o.number, n.number), func() bool {
			_, err := s.lab.Shell(context.Background(), o.number, fmt.Sprintf("openmosix mosctl isup %d", n.number))
			return err == nil
		})
	}
}

// until waits for something that comes within seconds.
func (s *soak) until(what string, holds func() bool) bool {
	s.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	s.t.Errorf("%.0f s: not within %v: %s", time.Since(s.tally.began).Seconds(), patience, what)
	return false
}

// daemonPID is of a node's daemon, as the node sees it.
func (s *soak) daemonPID(n *node) int {
	s.t.Helper()
	pid, err := s.lab.Daemon(context.Background(), n.number)
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// crash ends everything on a node at once, the daemon first told to take nobody
// any more, so that it can be known who is there. cut: as if its power was
// gone, so that nobody hears anything of its end.
func (s *soak) crash(n *node, cut bool) {
	s.shell(n.number, fmt.Sprintf("kill -STOP %d", s.daemonPID(n)))
	n.up = false
	how := "died"
	if cut {
		how = "died without a word"
	}
	s.mourn(n, how)
	line := "kill -9 -1; sleep 0.1; kill -9 -1; true"
	if cut {
		line = `nft 'table inet cut { chain in { type filter hook input priority 0; policy drop; }; chain out { type filter hook output priority 0; policy drop; }; }'; ` + line
	}
	s.shell(n.number, line)
}

// uncut lets a node be heard again.
func (s *soak) uncut(n *node) {
	s.shell(n.number, "nft delete table inet cut 2>/dev/null; true")
}

// mourn marks the programs that a node takes with it: its own, and those that
// have a process there, or one on its way.
func (s *soak) mourn(n *node, how string) {
	why := fmt.Sprintf("node %d %s %.0f s after the beginning", n.number, how, time.Since(s.tally.began).Seconds())
	for range 2 { // one that was just arriving is seen the second time
		for _, home := range s.nodes {
			touched := map[int]bool{}
			if home != n && home.up {
				touched = s.touched(home, n)
			}
			for _, p := range s.running {
				pid, known := p.pid()
				if p.home == n.number || p.home == home.number && known && touched[pid] {
					p.mourned = why
				}
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// touched are the process groups of a home of which a process is on a node, or moves.
func (s *soak) touched(home, on *node) map[int]bool {
	s.t.Helper()
	all, err := s.lab.Processes(context.Background(), home.number)
	if err != nil {
		s.t.Fatal(err)
	}
	groups := map[int]int{}
	for line := range strings.Lines(s.shell(home.number, "ps -e -o pid=,pgid=")) {
		words := strings.Fields(line)
		pid, _ := strconv.Atoi(words[0])
		groups[pid], _ = strconv.Atoi(words[1])
	}
	touched := map[int]bool{}
	for _, p := range all {
		if p.Node == on.number || p.State == "M" {
			touched[groups[p.PID]] = true
		}
	}
	return touched
}

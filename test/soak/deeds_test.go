package soak

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// deed is something done to a node, and what takes it back. While a node is away,
// as it is after some, none of the others goes.
type deed struct {
	name  string
	takes bool // the node from the cluster
	do    func(s *soak, n *node) (back func())
}

// due is what is taken back, and when.
type due struct {
	at   time.Time
	node *node
	back func()
}

// deeds, each of which is done once before one of them is done again.
var deeds = []deed{
	{"drains", false, func(s *soak, n *node) func() {
		s.mosctl(n, "expel")
		s.nobodyOn(n)
		return func() { s.mosctl(n, "noblock") }
	}},
	{"brings", false, func(s *soak, n *node) func() {
		s.mosctl(n, "bring")
		return func() { s.mosctl(n, "nolstay") }
	}},
	{"blocks", false, func(s *soak, n *node) func() {
		s.mosctl(n, "block")
		return func() { s.mosctl(n, "noblock") }
	}},
	{"stays", false, func(s *soak, n *node) func() {
		s.mosctl(n, "stay")
		return func() { s.mosctl(n, "nostay") }
	}},
	{"speeds set", false, func(s *soak, n *node) func() {
		s.mosctl(n, fmt.Sprintf("setspeed %d", 2000+s.random.IntN(40000)))
		return func() { s.mosctl(n, "setspeed measured") }
	}},
	{"goodbyes", true, func(s *soak, n *node) func() {
		n.up = false
		pid := s.daemonPID(n)
		s.shell(n.number, fmt.Sprintf("kill -TERM %d", pid))
		s.until(fmt.Sprintf("the daemon of node %d says goodbye and ends", n.number), func() bool {
			return s.shell(n.number, fmt.Sprintf("test -e /proc/%d && echo there || true", pid)) == ""
		})
		return func() { s.join(n); s.tally.happens["joins"]++ }
	}},
	{"daemon deaths", true, func(s *soak, n *node) func() {
		n.up = false
		s.shell(n.number, fmt.Sprintf("kill -9 %d", s.daemonPID(n)))
		return func() { s.join(n) }
	}},
	{"deaths", true, func(s *soak, n *node) func() {
		s.crash(n, false)
		return func() { s.join(n); s.tally.happens["joins"]++ }
	}},
	{"silent deaths", true, func(s *soak, n *node) func() {
		s.crash(n, true)
		return func() { s.uncut(n); s.join(n); s.tally.happens["joins"]++ }
	}},
}

// longest is for how long a deed holds.
const longest = 6 * time.Second

// doOne does the next deed that can be done now.
func (s *soak) doOne() {
	if len(s.deck) == 0 {
		for _, i := range s.random.Perm(len(deeds)) {
			s.deck = append(s.deck, deeds[i])
		}
	}
	up := s.others(nil)
	for i, d := range s.deck {
		if d.takes && len(up) < len(s.nodes) {
			continue // one at a time
		}
		n := up[s.random.IntN(len(up))]
		if s.busy(n) {
			return // the next time
		}
		s.deck = append(s.deck[:i:i], s.deck[i+1:]...)
		back := d.do(s, n)
		s.tally.happens[d.name]++
		s.due = append(s.due, due{time.Now().Add(time.Second + time.Duration(s.random.Int64N(int64(longest)))), n, back})
		return
	}
}

// busy tells whether something done to a node has not been taken back.
func (s *soak) busy(n *node) bool {
	for _, d := range s.due {
		if d.node == n {
			return true
		}
	}
	return false
}

// takeBack takes back what is due, or all.
func (s *soak) takeBack(all bool) {
	var later []due
	for _, d := range s.due {
		if all || time.Now().After(d.at) {
			d.back()
		} else {
			later = append(later, d)
		}
	}
	s.due = later
}

// mosctl tells a node something. What cannot be moved, because it has just begun
// something else, is told by the status, and is no fault.
func (s *soak) mosctl(n *node, words string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := s.lab.Command(ctx, n.number, "/", "/bin/sh", "-c", "openmosix mosctl "+words).CombinedOutput()
	if ctx.Err() != nil {
		s.t.Errorf("%.0f s: mosctl %s on node %d gives no answer: %s", time.Since(s.tally.began).Seconds(), words, n.number, out)
	} else if err != nil {
		s.tally.happens[strings.Fields(words)[0]+" in part"]++
		s.t.Logf("%.0f s: mosctl %s on node %d: %v: %s", time.Since(s.tally.began).Seconds(), words, n.number, err, out)
	}
}

// nobodyOn checks that a drained node has no guests, soon.
func (s *soak) nobodyOn(n *node) {
	s.until(fmt.Sprintf("node %d, drained, has no guests", n.number), func() bool {
		return s.shell(n.number, bodies) == ""
	})
}

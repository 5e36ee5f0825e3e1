package soak

import (
	"fmt"
	"time"

	"openmosix/test/labtest"
)

func (s *soak) startOne() {
	k := s.kinds[s.random.IntN(len(s.kinds))]
	home := 1 + s.random.IntN(len(s.nodes))
	if n := s.nodes[home-1]; !n.up {
		return
	}
	p, err := s.start(k, home)
	if err != nil {
		s.t.Fatal(err)
	}
	s.running = append(s.running, p)
}

// reap judges what has ended, and what does not end.
func (s *soak) reap() {
	var still []*program
	for _, p := range s.running {
		switch {
		case p.over():
			f, why := p.judge()
			s.tally.ended(p.kind.name, f)
			if f == wrong {
				s.t.Errorf("%.0f s: %s", time.Since(s.tally.began).Seconds(), why)
			}
		case time.Since(p.begun) > lifeLimit:
			s.t.Errorf("%.0f s: %s of node %d (%s) does not end: %s%s", time.Since(s.tally.began).Seconds(), p.kind.name, p.home, p.dir, p.history(), s.about(p))
			s.tally.ended(p.kind.name, wrong)
			pid, _ := p.pid()
			s.lab.Kill(p.home, pid)
		default:
			still = append(still, p)
		}
	}
	s.running = still
}

// about is what can be said of a program that hangs.
func (s *soak) about(p *program) string {
	pid, known := p.pid()
	if !known {
		return "\nit has not begun"
	}
	text, err := s.lab.Shell(s.t.Context(), p.home, fmt.Sprintf("ps -o pid,ppid,pgid,stat,wchan:20,args -e | grep -v '\\[' ; openmosix mps -e -l | grep -w %d; openmosix why %d", pid, pid))
	return fmt.Sprintf("\nit said %s\n%s %v", clip(p.said.String()), text, err)
}

// finish waits for the last programs.
func (s *soak) finish() {
	for len(s.running) > 0 {
		s.reap()
		time.Sleep(tick)
	}
}

// moveOne moves a program somewhere, as somebody at a terminal would.
func (s *soak) moveOne() {
	if len(s.running) == 0 || s.random.IntN(2) > 0 {
		return
	}
	p := s.running[s.random.IntN(len(s.running))]
	to := s.random.IntN(len(s.nodes) + 1)
	pid, known := p.pid()
	if !known || p.over() || to == p.home || !s.nodes[p.home-1].up {
		return
	}
	status, text := s.lab.Migrate(s.t.Context(), p.home, pid, to)
	s.tally.happens["moved by hand: "+status.String()]++
	if status == labtest.NoAnswer && p.mourned == "" || status == labtest.BadUsage || status == labtest.NotPermitted {
		s.t.Errorf("%.0f s: migrate of %s: %s", time.Since(s.tally.began).Seconds(), p.kind.name, text)
	}
}

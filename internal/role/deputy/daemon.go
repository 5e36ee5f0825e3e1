package deputy

import (
	"os"

	"openmosix/internal/model/supervisor"

	"golang.org/x/sys/unix"
)

func (s *Supervisor) ready() { s.tell(supervisor.Event{Kind: supervisor.Ready, PID: os.Getpid()}) }

// greeted takes a later Hello: a fresh certificate, or the first word of a new
// daemon, with a new place for the log.
func (s *Supervisor) greeted(h *supervisor.Hello, files []*os.File) {
	s.mu.Lock()
	s.hello.Identity = h.Identity
	s.mu.Unlock()
	if len(files) == 1 {
		_ = unix.Dup3(int(files[0].Fd()), int(os.Stderr.Fd()), 0)
	}
	s.ready()
}

func (s *Supervisor) identity() supervisor.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hello.Identity
}

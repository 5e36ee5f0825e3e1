package guest

import (
	"os"

	"openmosix/internal/model/supervisor"

	"golang.org/x/sys/unix"
)

func (g *Guest) ready() { g.tell(supervisor.Event{Kind: supervisor.Ready, PID: os.Getpid()}) }

// greeted takes a later Hello: a fresh certificate, or the first word of a new
// daemon, with a new place for the log.
func (g *Guest) greeted(h *supervisor.Hello, files []*os.File) {
	g.mu.Lock()
	g.hello.Identity = h.Identity
	g.mu.Unlock()
	if len(files) == 1 {
		_ = unix.Dup3(int(files[0].Fd()), int(os.Stderr.Fd()), 0)
	}
	g.ready()
}

func (g *Guest) identity() supervisor.Identity {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hello.Identity
}

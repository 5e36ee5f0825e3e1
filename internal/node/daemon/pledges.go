package daemon

import (
	"log/slog"
	"os"
	"time"

	"openmosix/internal/linux/pidfd"
	"openmosix/internal/model/supervisor"

	"golang.org/x/sys/unix"
)

// pledges are processes at home that lack pages which their supervisor serves. Should it
// die, the kernel kills them, but not at once, and gives them zeros for what is
// missing as soon as nobody holds their userfaultfd: so this daemon does, until they
// have ended. Of the goroutine that listens to the supervisor.
type pledges struct{ all map[int]pledge }

type pledge struct{ faults, process *os.File }

// maxPledges bounds the descriptors one supervisor can have held.
const maxPledges = 256

// take acts on an event that is about a pledge, and then the files are its. Nothing is taken by nil.
func (p *pledges) take(e supervisor.Event, files []*os.File) bool {
	if p == nil {
		return false
	}
	switch {
	case e.Kind == supervisor.Pledged && len(files) == 2 && len(p.all) < maxPledges:
		p.close(e.PID)
		if p.all == nil {
			p.all = make(map[int]pledge)
		}
		p.all[e.PID] = pledge{files[0], files[1]}
		return true
	case e.Kind == supervisor.Redeemed && len(files) == 0:
		p.close(e.PID)
		return true
	}
	return false
}

func (p *pledges) close(pid int) {
	if one, held := p.all[pid]; held {
		_ = one.faults.Close()
		_ = one.process.Close()
		delete(p.all, pid)
	}
}

// pledgedEnd is how long a killed process may take to end.
const pledgedEnd = 10 * time.Second

// end: the supervisor has ended, and with it each process that it has pledged.
func (p *pledges) end(log *slog.Logger) {
	if p == nil {
		return
	}
	for pid, one := range p.all {
		process := pidfd.FD(one.process.Fd())
		_ = process.Signal(unix.SIGKILL) // the kernel does so too, and may have been first
		if ended, err := process.Ended(pledgedEnd); err != nil || !ended {
			log.Warn("a process that lacks a part of its memory does not end", "process", pid, "error", err)
		}
		log.Error("a process lacked a part of its memory when its supervisor ended: killed it", "process", pid)
		p.close(pid)
	}
}

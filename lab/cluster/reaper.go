package cluster

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// reaper waits for every child of the node's pid 1, its own and the orphans
// the kernel gives it. It is the only caller of wait in the process.
type reaper struct {
	mu      sync.Mutex // held over a start, so that no child is reaped before it is known
	waiting map[int]chan unix.WaitStatus
}

func startReaper() *reaper {
	r := &reaper{waiting: map[int]chan unix.WaitStatus{}}
	// SIGCHLDs merge: one in the channel means any number of dead children.
	dead := make(chan os.Signal, 1)
	signal.Notify(dead, unix.SIGCHLD)
	go func() {
		for range dead {
			r.reap()
		}
	}()
	return r
}

func (r *reaper) reap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if ended, ok := r.waiting[pid]; ok {
			delete(r.waiting, pid)
			ended <- status
		}
	}
}

// start starts a program; the channel gives its status once.
func (r *reaper) start(path string, argv []string, attr *syscall.ProcAttr) (int, <-chan unix.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, _, err := syscall.StartProcess(path, argv, attr)
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan unix.WaitStatus, 1)
	r.waiting[pid] = ended
	return pid, ended, nil
}

// signalGroup signals the process group of a leader that start gave ended for.
// While it has not been reaped its number cannot belong to anybody else.
func (r *reaper) signalGroup(pid int, ended <-chan unix.WaitStatus, sig unix.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[pid] == ended {
		_ = unix.Kill(-pid, sig)
	}
}

package deputy

import (
	"errors"
	"fmt"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"

	"golang.org/x/sys/unix"
)

// attach starts to trace a process of this node. It runs on meanwhile.
func (s *Supervisor) attach(pid int) (*proc, error) {
	status, err := s.fam.FS.Status(pid)
	if err != nil {
		return nil, fail(supervisor.NoSuchProcess, "no such process")
	}
	if status.Tgid != pid {
		return nil, fail(supervisor.NoSuchProcess, fmt.Sprintf("%d is a thread of process %d", pid, status.Tgid))
	}
	tp, err := s.fam.NewProcess(pid, status.InnermostPid())
	if err != nil {
		return nil, fail(supervisor.CannotMove, err.Error())
	}
	p := &proc{Process: tp, s: s}
	tp.Data = p
	s.mu.Lock()
	s.procs[pid] = p
	s.mu.Unlock()
	s.fam.Loop.Do(func() { err = s.seizeAll(p) })
	if err == nil {
		return p, nil
	}
	s.letGo(p)
	return nil, err
}

// seizeAll attaches to every thread. New threads of attached ones come by
// themselves; those of threads not yet attached are found by looking again.
func (s *Supervisor) seizeAll(p *proc) error {
	for {
		tids, err := s.fam.FS.Threads(p.PID)
		if err != nil {
			return fail(supervisor.NoSuchProcess, "the process ended")
		}
		found := false
		for _, tid := range tids {
			if s.fam.Thread(tid) != nil {
				continue
			}
			err := ptrace.Seize(tid, seizeOptions)
			switch {
			case errors.Is(err, unix.ESRCH):
				continue
			case err != nil && tid != p.PID && s.autoAttached(tid):
				continue
			case err != nil:
				return fail(supervisor.CannotMove, fmt.Sprintf("cannot trace thread %d: %v (is a debugger attached?)", tid, err))
			}
			ts, err := s.fam.FS.ThreadStatus(p.PID, tid)
			if err != nil {
				continue
			}
			s.fam.AddThread(p.Process, tid, ts.InnermostPid())
			found = true
		}
		if !found {
			return nil
		}
	}
}

// autoAttached: the kernel attached a new thread of a traced one; its first
// stop will enter it.
func (s *Supervisor) autoAttached(tid int) bool {
	st, err := s.fam.FS.Status(tid)
	return err == nil && st.TracerPid == unix.Getpid()
}

// letGo detaches from a process that is at home and whole.
func (s *Supervisor) letGo(p *proc) {
	h, err := p.Freeze(stopLimit, letThrough, nil)
	if err == nil {
		h.Do(func() {
			for _, t := range h.Threads() {
				_ = ptrace.Detach(t.TID, 0)
				s.fam.Forget(t)
			}
		})
		h.Pass()
	}
	s.mu.Lock()
	delete(s.procs, p.PID)
	s.mu.Unlock()
	_ = p.Mem.Close()
}

package deputy

import (
	"errors"
	"fmt"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// attach starts to trace a process of this node. It runs on meanwhile. Neither
// a process nor an error: another request has just done so, or its first stop is about to enter it.
func (s *Supervisor) attach(r supervisor.Request) (*proc, error) {
	pid := r.PID
	status, err := s.fam.FS.Status(pid)
	if err != nil {
		return nil, fail(supervisor.NoSuchProcess, "no such process")
	}
	if status.Tgid != pid {
		return nil, fail(supervisor.NoSuchProcess, fmt.Sprintf("%d is a thread of process %d", pid, status.Tgid))
	}
	if s.fam.Thread(pid) == nil && s.autoAttached(pid, pid) {
		return nil, nil // entered here it would be no deputy, and who makes it would wait for one for ever
	}
	// Its memory is opened when it is traced: it may execute a program until then, and has another one.
	tp := s.fam.NewChild(pid, status.InnermostPid())
	p := &proc{Process: tp, s: s}
	p.usedBefore(r.Used)
	p.begin() // nobody else may move it before it is wholly attached
	tp.Data = p
	s.mu.Lock()
	other := s.procs[pid]
	if other == nil {
		s.procs[pid] = p
	}
	s.mu.Unlock()
	if other != nil {
		_ = tp.Mem.Close()
		return nil, nil
	}
	if err = s.isMeant(r); err == nil {
		s.fam.Loop.Do(func() { err = s.seizeAll(p) })
	}
	if err == nil {
		err = s.isMeant(r)
	}
	if err == nil {
		return p, nil
	}
	s.release(p)
	return nil, err
}

// isMeant tells whether a process is the one that a request is about. Once it is traced its number stays its own.
func (s *Supervisor) isMeant(r supervisor.Request) error {
	if r.Start == 0 || s.fam.FS.Alive(r.PID, r.Start) {
		return nil
	}
	return fail(supervisor.NoSuchProcess, "the process has ended, and its number is another's")
}

// seizeAll attaches to every thread. New threads of attached ones come by
// themselves; those of threads not yet attached are found by looking again.
func (s *Supervisor) seizeAll(p *proc) error {
	for several := false; ; {
		tids, err := s.fam.FS.Threads(p.PID)
		if err != nil {
			return fail(supervisor.NoSuchProcess, "the process ended")
		}
		found := false
		several = several || len(tids) > 1
		for _, tid := range tids {
			if s.fam.Thread(tid) != nil {
				continue
			}
			err := s.fam.Loop.Seize(tid, s.homeOptions())
			switch {
			case errors.Is(err, unix.ESRCH):
				continue
			case err != nil && s.fam.Thread(tid) == nil && s.autoAttached(p.PID, tid):
				continue
			case err != nil && tid == p.PID && p.leaderLeft():
				return tracee.ErrLeaderLeft
			case err != nil:
				return fail(supervisor.CannotMove, fmt.Sprintf("cannot trace thread %d: %v (is a debugger attached?)", tid, err))
			}
			ts, err := s.fam.FS.ThreadStatus(p.PID, tid)
			if err != nil {
				continue
			}
			s.fam.AddThread(p.Process, tid, ts.InnermostPid(), nil)
			found = true
		}
		if several && s.wasReplaced(p) {
			continue
		}
		if !found {
			if err := p.Mem.Ready(); err != nil {
				return fail(supervisor.CannotMove, err.Error())
			}
			return nil
		}
	}
}

// wasReplaced tells whether the first thread, which had been attached to, is another by now: one that had not been has
// executed a program, and has its id (execve(2) under ptrace(2)). The kernel tells nobody. Tracing thread.
func (s *Supervisor) wasReplaced(p *proc) bool {
	leader := p.Leader()
	if leader == nil {
		return false
	}
	st, err := s.fam.FS.ThreadStatus(p.PID, p.PID)
	if err != nil || st.TracerPid != 0 || st.State == 'Z' || st.State == 'X' {
		return false
	}
	s.fam.Forget(leader)
	return true
}

// autoAttached: the kernel attached a new thread of a traced one, whose first
// stop will enter it; or the thread is ending. TracerPid is the id of the
// tracing thread, which is one of this process's.
func (s *Supervisor) autoAttached(pid, tid int) bool {
	st, err := s.fam.FS.ThreadStatus(pid, tid)
	if err != nil {
		return true
	}
	if st.TracerPid == 0 {
		return tid != pid && (st.State == 'Z' || st.State == 'X')
	}
	tracer, err := s.fam.FS.Status(st.TracerPid)
	return err == nil && tracer.Tgid == unix.Getpid()
}

func (p *proc) leaderLeft() bool {
	st, err := p.Family.FS.ThreadStatus(p.PID, p.PID)
	return err == nil && st.State == 'Z'
}

// letGoTries is how often a process is stopped to be let go: an execve may come
// between. What is not let go is so when this supervisor ends.
const letGoTries = 5

// letGo detaches from a process that is at home and whole. One of an attended
// family stays attended.
func (s *Supervisor) letGo(p *proc) {
	if !s.attending.Load() {
		s.release(p)
	}
}

// release does so whether others of its family are attended or not.
func (s *Supervisor) release(p *proc) {
	if h, sockets, err := p.stopAtHome(nil, nil); err == nil {
		s.detach(p, h, sockets)
	}
	s.mu.Lock()
	delete(s.procs, p.PID)
	s.mu.Unlock()
	_ = p.Mem.Close()
}

// stopAtHome stops a process that runs at home, to let it go. Its waits go on as if
// it had not been; for the sockets named it is known until when, and those returned are to be waited for again.
func (p *proc) stopAtHome(waits []wait, sockets []socketWait) (*tracee.Hold, []socketWait, error) {
	p.noteWaits(p.Threads()...)
	h, err := p.Freeze(stopLimit, letThrough, nil, nil)
	for try := 1; try < letGoTries && err != nil && !errors.Is(err, tracee.ErrGone); try++ {
		if p.ends() {
			return nil, nil, tracee.ErrGone
		}
		h, err = p.Freeze(stopLimit, letThrough, nil, nil)
	}
	if err != nil {
		return nil, nil, err
	}
	p.awaitBirths()
	return h, p.waitOn(h, waits, sockets), nil
}

// detach ends the tracing of threads that stand.
func (s *Supervisor) detach(p *proc, h *tracee.Hold, sockets []socketWait) {
	p.beginAll(h, sockets, s.detachOne)
	h.Do(func() {
		for _, t := range h.Threads() {
			s.detachOne(t)
		}
	})
	h.Pass()
}

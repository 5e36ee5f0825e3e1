package deputy

import (
	"slices"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"
)

// A thread or process that a deputy makes is reported by the kernel at its first stop. One
// that is killed before is not: all that is reported is the end of somebody unknown.

const (
	// bornLook is how long the kernel may take to report a new thread before it is looked
	// whether there is one.
	bornLook = 20 * time.Millisecond
	// bornPause is between two looks into the tables, until then.
	bornPause = 100 * time.Microsecond
	// bornLate is when it is said in the log.
	bornLate = 5 * time.Second
)

// inSlot gives a new thread the slot in which it waits; false: it has ended.
func (s *Supervisor) inSlot(t *tracee.Thread, slot *stub.Slot) (alive bool) {
	s.fam.Loop.Do(func() {
		if alive = t.Alive(); alive { // else nobody would mark the slot
			t.Slot = slot
		}
	})
	return alive
}

// waitBorn waits for the tracee that a deputy of p has just made; nil: it has ended, or there is none. Which one was made
// stands in the process's memory, into which another node can have anything written.
func (s *Supervisor) waitBorn(p *proc, own int, thread bool) *tracee.Thread {
	begun, pause := time.Now(), bornPause
	for look, late := begun.Add(bornLook), begun.Add(bornLate); ; nap.For(pause) {
		if t := s.takeBorn(p, own, thread); t != nil {
			return t
		}
		now := time.Now()
		if now.Before(look) {
			continue
		}
		look, pause = now.Add(bornLook), min(2*pause, bornLook)
		if s.deputyByOwn(own) != nil {
			return nil // it is one that was made before
		}
		if !s.hasMade(p, own, thread) {
			s.fam.Loop.Do(func() {}) // what was reported before its end is in the tables now
			return s.takeBorn(p, own, thread)
		}
		if now.After(late) {
			s.log.Warn("a new thread is not reported", "thread", own)
			late = now.Add(bornLate)
		}
	}
}

// awaitBirths waits until every child that the process has made while it was traced has made its first stop, and been let go,
// or taken. The kernel attaches to it as to its parent (ptrace(2), PTRACE_O_TRACECLONE, which is also about processes that end
// with another signal than SIGCHLD), so that it would be killed if this supervisor ended before, which may be as soon as
// the parent is let go. Precondition: the process stands.
func (p *proc) awaitBirths() {
	for within := owntime.Within(stopLimit); !within.Over(); nap.For(100 * time.Microsecond) {
		children, err := p.Family.FS.Children(p.PID)
		if err != nil || !slices.ContainsFunc(children, func(pid int) bool { return p.Family.Thread(pid) == nil && p.s.autoAttached(pid, pid) }) {
			return
		}
	}
}

// takeBorn gives out a thread or child of p that has just been made, once.
func (s *Supervisor) takeBorn(p *proc, own int, thread bool) *tracee.Thread {
	s.mu.Lock()
	n := s.born[own]
	s.mu.Unlock()
	if n == nil {
		return nil
	}
	if of := n.t.Proc.Data.(*proc); thread && of != p || !thread && !of.childOf(p) {
		return nil // another process waits for it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.born, own)
	return n.t
}

// hasMade tells whether a thread or child process of p with this id of its own lives.
func (s *Supervisor) hasMade(p *proc, own int, thread bool) bool {
	list := s.fam.FS.Children
	if thread {
		list = s.fam.FS.Threads
	}
	all, err := list(p.PID)
	if err != nil {
		return false // p has ended, and its children with it: ExitKill
	}
	return slices.ContainsFunc(all, func(id int) bool {
		status := s.fam.FS.Status
		if thread {
			status = func(tid int) (*procfs.Status, error) { return s.fam.FS.ThreadStatus(p.PID, tid) }
		}
		st, err := status(id)
		return err == nil && st.InnermostPid() == own && st.State != 'Z' && st.State != 'X'
	})
}

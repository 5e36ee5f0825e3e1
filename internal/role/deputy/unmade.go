package deputy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A process that is made away has its half at home first. Where the node then has no room
// for the other half, its maker comes home, to make the call there; and what home has made is
// taken back, so that nobody has seen it: while all threads of its parent stand still
// it is killed and waited for, and the signal of its end is taken out of the queue.

// unmade: the guest side could not make its half of a child.
func (s *Supervisor) unmade(l *link, f frame) {
	var m wire.UnmadeMsg
	if err := wire.Decode(f.data, &m); err != nil || m.Signal < 0 || m.Signal > 64 {
		l.complain("bad word of a process that could not be made", "error", err)
		return
	}
	p, child := s.servedBy(l, f.id), s.servedBy(l, m.Own)
	if p == nil || child == nil || !child.childOf(p) || !child.once(&child.bodiless) {
		return
	}
	p.mu.Lock()
	p.unmade = append(p.unmade, m)
	p.mu.Unlock()
}

// staysNear says why a process may not go on to another node now; nil: it may.
func (p *proc) staysNear() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.unmade) > 0 {
		return fail(supervisor.Busy, "it comes home to make another process")
	}
	return nil
}

// killUnmade ends what an ended process leaves of such children.
func (s *Supervisor) killUnmade(p *proc) {
	p.mu.Lock()
	all := p.unmade
	p.unmade = nil
	p.mu.Unlock()
	for _, m := range all {
		if child := s.procByOwn(m.Own); child != nil {
			kill(child.PID)
		}
	}
}

// takeBack undoes the children that could not be made. All threads are parked.
func (r *returning) takeBack() error {
	r.p.mu.Lock()
	all := r.p.unmade
	r.p.unmade = nil
	r.p.mu.Unlock()
	for _, m := range all {
		if err := r.takeBackOne(m); err != nil {
			return fmt.Errorf("take back process %d: %w", m.Own, err)
		}
	}
	return nil
}

func (r *returning) takeBackOne(m wire.UnmadeMsg) error {
	p, leader := r.p, r.threads[0]
	var set uint64
	if m.Signal != 0 {
		set = 1 << (m.Signal - 1)
	}
	before, err := p.TakePending(r.threads, set)
	if err != nil {
		return err
	}
	if err := p.s.endBodiless(m.Own); err != nil {
		return err
	}
	const all = 0x40000000                                                                        // __WALL, whatever its end sends
	if _, err := leader.Call(unix.SYS_WAIT4, uint64(m.Own), 0, unix.WNOHANG|all, 0); err != nil { // ECHILD: the parent does not wait for its children
		return err
	}
	if m.PIDFD >= 0 {
		if _, err := leader.Call(unix.SYS_CLOSE, uint64(m.PIDFD)); err != nil {
			return err
		}
	}
	after, err := p.TakePending(r.threads, set)
	if err != nil {
		return err
	}
	own := func(one tracee.Pending) bool { return endOf(one, m.Own) }
	if slices.ContainsFunc(after, own) && len(before) == 0 && m.Signal == int(unix.SIGCHLD) {
		// Another child's that came at the same time is lost in it.
		if other, found, err := leader.Waitable(); err != nil {
			return err
		} else if found {
			before = append(before, other)
		}
	}
	return p.Requeue(r.threads, append(before, slices.DeleteFunc(after, own)...))
}

// endOf tells whether a signal is of a child's end.
func endOf(one tracee.Pending, child int) bool {
	const codeAt, pidAt, killed = 8, 16, 2 // CLD_KILLED
	return le.Uint32(one.Info[codeAt:]) == killed && int(int32(le.Uint32(one.Info[pidAt:]))) == child
}

// endBodiless ends a process that nothing has become of, and waits until the kernel has told its parent.
func (s *Supervisor) endBodiless(own int) error {
	child := s.procByOwn(own)
	if child == nil {
		return nil // somebody has killed it
	}
	kill(child.PID)
	for within := owntime.Within(stopLimit); s.procByPID(child.PID) == child; nap.For(100 * time.Microsecond) {
		if within.Over() {
			return errors.New("it does not end")
		}
	}
	return nil
}

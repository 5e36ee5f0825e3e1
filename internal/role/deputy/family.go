package deputy

import (
	"fmt"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"
)

// Processes that share memory of which a part is elsewhere are one family, whoever has started them: this
// supervisor traces all of them, and their children, which have it too. A family that mosrun has not
// started it lets go when all of it is at home again.

// family is these processes; those that it has not yet it traces from here on. started tells when one of them was: the number
// of one that has ended since they were found may be another's. procfs.ErrGone: one has.
func (s *Supervisor) family(pids []int, started func(pid int) (uint64, error)) ([]*proc, error) {
	var all []*proc
	for _, pid := range pids {
		q := s.procByPID(pid)
		if q == nil {
			start, err := started(pid)
			if err != nil {
				return nil, err
			}
			s.follow()
			if !s.placesToo.Load() {
				s.disbanding.Do(func() { go s.disbands() })
			}
			r := supervisor.Request{PID: pid, Start: start}
			if q, err = s.attach(r); err != nil && (s.ended(pid) || s.isMeant(r) != nil) {
				return nil, procfs.ErrGone
			} else if err != nil {
				return nil, fail(supervisor.Busy, fmt.Sprintf("process %d, which shares its memory: %v", pid, err))
			}
			if q == nil {
				return nil, fail(supervisor.Busy, "a process that shares its memory is just being attached to")
			}
			q.end()
		}
		all = append(all, q)
	}
	return all, nil
}

// follow has what processes at home make, and those themselves, stay traced.
func (s *Supervisor) follow() {
	if !s.attending.Swap(true) {
		go s.sweepSessions()
	}
}

// outgrown: a process of a family that is held together by its memory alone has executed a program, which
// has nothing of that, and no descriptor of it either. Tracing thread.
func (s *Supervisor) outgrown(p *proc, t *tracee.Thread) bool {
	if !s.attending.Load() || s.placesToo.Load() || p.Sees != nil || !p.begin() {
		return false
	}
	s.leaves(p, t)
	return true
}

// leaves ends the tracing of a process that stands in the stop of its execve, and its attendance. Precondition:
// p.begin. Tracing thread.
func (s *Supervisor) leaves(p *proc, t *tracee.Thread) {
	for _, th := range p.Threads() {
		s.fam.Forget(th) // the others died in the exec without a word
	}
	_ = ptrace.Detach(t.TID, 0)
	p.end()
	s.drop(p, supervisor.Gone)
}

// disbandPause is between two looks whether a family is at home.
const disbandPause = time.Second

// disbands lets a family go that is held together by its memory alone, when all of it is at home.
func (s *Supervisor) disbands() {
	for !s.placesToo.Load() {
		select {
		case <-s.done:
			return
		case <-time.After(disbandPause):
		}
		if !s.anyAway() {
			s.disband()
		}
	}
}

func (s *Supervisor) disband() {
	s.cover.mu.Lock()
	defer s.cover.mu.Unlock()
	s.stay(1)
	defer s.endIfIdle()
	defer s.stay(-1)
	all := s.all()
	var begun []*proc
	defer func() {
		for _, p := range begun {
			p.end()
		}
	}()
	for _, p := range all {
		if !p.begin() {
			return
		}
		begun = append(begun, p)
		if p.away() != nil {
			return
		}
	}
	if len(all) == 0 || !s.joint.quiet() {
		return
	}
	type standing struct {
		p     *proc
		h     *tracee.Hold
		waits []socketWait
	}
	var stand []standing
	for _, p := range all {
		if h, waits, err := p.stopAtHome(nil, nil); err == nil { // else it has ended, or is looked at again
			stand = append(stand, standing{p, h, waits})
		}
	}
	// Before they are let go, and that is told: who looks at them then would take them for some that handle their own page
	// faults, and another supervisor could not serve them.
	if len(s.all()) == len(stand) {
		s.joint.node.Forget()
	}
	for _, one := range stand {
		s.detach(one.p, one.h, one.waits)
	}
	for _, one := range stand {
		s.drop(one.p, supervisor.Gone)
	}
}

package deputy

import (
	"slices"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/reach"
	"openmosix/internal/process/tracee"
)

// Who opens shared memory by its name, and what is read or written by a descriptor of it, finds all pages at
// home (process/reach). Guests' calls are made here anyway. Processes at home that may have such a descriptor
// stop before and after each of their calls, as long as pages may be elsewhere.

// caller is a thread as one that makes a call.
func (p *proc) caller(tid int) reach.Caller {
	return reach.Caller{FS: p.Family.FS, PID: p.PID, TID: tid}
}

// Bring has all processes come home that share an object. It is a reach.Home.
func (j *jointly) Bring(k joint.Key) {
	s := j.s
	s.stay(1)
	defer s.endIfIdle()
	defer s.stay(-1)
	for within := owntime.Within(leaseLimit); !within.Over(); time.Sleep(leasePause) {
		some := false // that shares it, and is not still at home
		for _, p := range s.all() {
			if !p.isServed(k) || p.isStill() {
				continue
			}
			some = true
			if p.away() != nil {
				if _, _, err := s.move(supervisor.Request{Verb: supervisor.MoveTo, PID: p.PID, Why: "another process opens memory that it shares"}); err != nil {
					s.log.Debug("not home yet", "pid", p.PID, "error", err)
				}
			}
		}
		if !some {
			return
		}
	}
}

// isStill tells whether a process is at home, and not on its way.
func (p *proc) isStill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link == nil && !p.moving
}

// allStill tells whether no process of the family is away, or is being moved.
func (s *Supervisor) allStill() bool {
	return !slices.ContainsFunc(s.all(), func(p *proc) bool { return !p.isStill() })
}

// hasDescriptors tells whether a process has descriptors of memory that is guarded.
func (p *proc) hasDescriptors() bool { return p.s.joint.guards.Has(p.Family.FS, p.PID) }

// keepsDescriptors: a process has executed a program, whose calls are seen on if it has descriptors of shared
// memory. Tracing thread.
func (p *proc) keepsDescriptors() {
	if p.Sees == nil || p.hasDescriptors() {
		return
	}
	p.Sees = nil
	p.mu.Lock()
	p.reaches = false
	p.mu.Unlock()
}

// sees is told of the calls of a process at home. Tracing thread.
func (p *proc) sees(t *tracee.Thread, c *ptrace.CallInfo) bool {
	s := p.s
	if s.joint.calm.Load() && s.allStill() { // until it is looked anew who has what
		p.Sees = nil
		return false
	}
	r := s.joint.guards.Everything() // by another table of calls
	if c.Arch == ptrace.ArchX8664 {
		r = s.joint.guards.By(p.caller(t.TID), c.Nr, c.Args, reach.RightsAt(p.Mem.Read, c.Nr, c.Args))
	}
	if !r.Any() {
		return false
	}
	s.stay(1)
	turn := t.Turn()
	go func() {
		defer s.endIfIdle()
		defer s.stay(-1)
		made := s.joint.guards.BringFor(r)
		s.fam.Loop.Do(func() { t.GoOnCalling(turn, made) })
	}()
	return true
}

// mayReach tells whether the calls of a process are seen while it runs here.
func (p *proc) mayReach() bool {
	is := false
	p.s.fam.Loop.Do(func() { is = p.Sees != nil })
	return is
}

// seeCalls begins to see the calls that a process makes here. While it runs here its threads are parked.
func (p *proc) seeCalls() {
	p.mu.Lock()
	p.reaches = true
	p.mu.Unlock()
	p.s.fam.Loop.Do(func() { p.Sees = p.sees })
}

package deputy

import (
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/reach"
	"openmosix/internal/process/sole"
	"openmosix/internal/process/tracee"
)

// Before a process leaves that shares memory with others, all that have it
// mapped get a userfaultfd, by which they wait for pages that are elsewhere. Children that they make
// get one by the kernel.

// cover sees to one after the other.
type cover struct{ mu sync.Mutex }

// changePause is how long mappings are left to change that change while they are looked at.
const changePause = time.Millisecond

// maxCovers bounds how often it is looked who has come to share the memory.
const maxCovers = 8

// coverShared makes what a process that is about to leave shares with its family ready for that. What
// cannot be shared so stays what it is: the move will tell. Precondition: p.begin, and it runs.
func (s *Supervisor) coverShared(p *proc) error {
	if vmas, files, err := p.Mappings(nil); err != nil {
		return nil // it comes again
	} else if objects, err := s.joint.guards.Shared(p.Family.FS, p.PID, vmas, files, false); err == nil && len(objects) == 0 {
		return nil
	}
	p.waitsToCover(true)
	s.cover.mu.Lock()
	defer s.cover.mu.Unlock()
	p.waitsToCover(false)
	for range maxCovers {
		more, err := s.coverOnce(p)
		switch {
		case errors.Is(err, os.ErrNotExist) || errors.Is(err, procfs.ErrGone) || errors.Is(err, tracee.ErrGone):
			// A mapping has changed, or a process has ended: one of those that share it, or this one, and then the move will tell.
			time.Sleep(changePause)
		case err != nil || !more:
			return err
		}
	}
	return fail(supervisor.Busy, "what it shares, and who shares it, changes all the time")
}

func (p *proc) waitsToCover(is bool) {
	p.mu.Lock()
	p.waitsCover = is
	p.mu.Unlock()
}

// coverOnce covers who is not covered yet, and tells whether there was anybody.
func (s *Supervisor) coverOnce(p *proc) (bool, error) {
	vmas, files, err := p.Mappings(nil)
	if err != nil {
		return false, nil // it comes again
	}
	objects, err := s.joint.guards.Shared(p.Family.FS, p.PID, vmas, files, true) // and before it is looked who has it
	if errors.Is(err, reach.ErrUnwatched) {
		return false, fail(supervisor.CannotMove, err.Error())
	}
	if err != nil || len(objects) == 0 {
		return false, err
	}
	opened := s.joint.guards.Openings(objects)
	kin, err := sole.KinOf(p.Family.FS, p.PID, objects, func(pid int) bool { return pid == os.Getpid() })
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, err
	case err != nil:
		return false, fail(supervisor.CannotMove, err.Error())
	}
	var ready []sole.Object
	family := []*proc{p}
	for i := range objects {
		if kin.Why[i] != "" || len(kin.Others[i]) == 0 || !kin.Related(i) {
			continue // its own, or somebody else's, too
		}
		its, err := s.family(kin.Others[i], kin.Start)
		if err != nil {
			return false, err
		}
		ready = append(ready, objects[i])
		for _, q := range its {
			if !slices.Contains(family, q) {
				family = append(family, q)
			}
		}
	}
	s.joint.guards.Only(ready) // what is its own is to be open to nobody
	more := false
	for _, q := range family {
		now, err := s.coverOne(q, ready, opened, q == p)
		if err != nil {
			return false, err
		}
		more = more || now
	}
	if !more {
		s.joint.guards.Unpin(ready, opened)
	}
	return more, nil
}

// coverOne covers a process that has some of these objects; it tells whether there was anything to do.
func (s *Supervisor) coverOne(q *proc, objects []sole.Object, opened map[joint.Key]uint64, its bool) (bool, error) {
	parts, _, err := q.notServed(objects, opened)
	if err != nil {
		return false, err
	}
	if reaches := q.hasDescriptors() && !q.mayReach(); len(parts) == 0 && !reaches {
		q.nowServed(objects, opened, nil)
		return false, nil
	} else if reaches && len(parts) == 0 && q.away() != nil {
		q.seeCalls() // when it comes home
		return true, nil
	}
	if !its {
		q.mu.Lock()
		waits := q.waitsCover
		q.mu.Unlock()
		if !waits && !q.begin() {
			return false, fail(supervisor.Busy, "a process that shares its memory is being moved, or changes")
		}
		if !waits {
			defer q.end()
		}
		if q.away() != nil {
			return false, fail(supervisor.Busy, "a process that shares its memory is away")
		}
	}
	return true, s.whileParked(q, func(leader *tracee.Thread) error {
		if q.hasDescriptors() {
			q.seeCalls()
		}
		parts, there, err := q.notServed(objects, opened) // as it stands
		if err != nil || len(parts) == 0 {
			return err
		}
		if err := s.serveShared(q, leader, there, parts); err != nil {
			return err
		}
		q.nowServed(objects, opened, parts) // before it runs, and may fork
		return nil
	})
}

// serveShared makes a process's userfaultfd and begins to serve it. Its threads are parked.
func (s *Supervisor) serveShared(q *proc, leader *tracee.Thread, objects []sole.Object, parts []joint.Part) error {
	for i := range objects {
		o := &objects[i]
		size, _, is, err := sole.Joinable(q.Family.FS, q.PID, o)
		if err != nil || !is {
			return fail(supervisor.Busy, "what it shares has just changed")
		}
		k := reach.KeyOf(o)
		_, err = s.joint.node.Use(k, size, reach.Mapped(q.Family.FS, q.PID, o))
		if err != nil {
			return fail(supervisor.CannotMove, err.Error())
		}
		defer s.joint.node.Unuse(k)
	}
	fd, err := q.faults(leader, joint.Features)
	if err != nil {
		return fail(supervisor.CannotMove, "what it shares cannot be served: "+err.Error())
	}
	if _, err := s.joint.node.Watch(fd, q.Own, parts); err != nil {
		return fail(supervisor.CannotMove, "what it shares cannot be served: "+err.Error())
	}
	return nil
}

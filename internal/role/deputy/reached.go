package deputy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/abi"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// Shared memory of which the family has descriptors. What is read or written by one does not wait for pages
// that are elsewhere: so all pages are at home while such a call is made. A call by which the memory could
// get to somebody else, or have another size, is like the opening of its name (guarded.go). Guests' calls
// are made here anyway. Processes at home that may have such a descriptor stop before and after each of
// their calls, as long as pages may be elsewhere.

// reached is what of the family's memory a call reaches.
type reached struct {
	keys   []joint.Key
	beyond bool
}

// shows names memory that has, or could have, descriptors as stat(2) does.
type shows struct{ dev, ino uint64 }

// reaches tells what a call of a process's thread reaches. rights are the descriptors that it passes on. It locks nothing, as the
// tracing thread must not wait.
func (j *jointly) reaches(p *proc, tid, nr int, args [6]uint64, rights []int) reached {
	shown := j.shown.Load()
	if shown == nil || len(*shown) == 0 {
		return reached{}
	}
	how, fds := syscalls.ReachOf(nr, args)
	r := reached{beyond: how >= syscalls.ReachBeyond || len(rights) > 0}
	if how == syscalls.ReachAny {
		for _, k := range *shown {
			r.keys = append(r.keys, k)
		}
		return r
	}
	for _, fd := range append(fds, rights...) {
		if k, is := j.shownBy(p, tid, fd); is {
			r.keys = append(r.keys, k)
		}
	}
	return r
}

// shownBy is the memory that a descriptor of a process's thread shows, which may have descriptors of its own.
func (j *jointly) shownBy(p *proc, tid, fd int) (joint.Key, bool) {
	shown := j.shown.Load()
	if fd < 0 || shown == nil {
		return joint.Key{}, false
	}
	var st unix.Stat_t
	if unix.Stat(p.Family.FS.TaskPath(p.PID, tid, fmt.Sprintf("fd/%d", fd)), &st) != nil {
		return joint.Key{}, false // none, or not of a file of this machine
	}
	k, is := (*shown)[shows{st.Dev, st.Ino}]
	return k, is
}

// holdLimit is how long pages are kept from those elsewhere for a call; then they come home as well.
const holdLimit = time.Second

// bringFor has all pages be at home that a call reaches. The result is to be called when it has been made.
func (j *jointly) bringFor(r reached) (made func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var held []*guard
	for _, k := range r.keys {
		g := j.guards[k]
		switch {
		case g == nil:
		case r.beyond:
			j.comesHome(k, g)
			g.holds++ // who looks before the call has been made does not see what it does
			held = append(held, g)
		default:
			g.holds++
			held = append(held, g)
			j.pin(k)
			late := time.AfterFunc(holdLimit, func() {
				j.mu.Lock()
				defer j.mu.Unlock()
				j.comesHome(k, g)
			})
			g.late = append(g.late, late)
		}
	}
	for _, k := range r.keys {
		j.awaitHome(k)
	}
	return func() { go j.released(held, r.beyond) }
}

// released: a call has been made.
func (j *jointly) released(held []*guard, beyond bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, g := range held {
		g.holds--
		if beyond {
			g.openings++
			g.pinned = true
		}
		if g.holds > 0 {
			continue
		}
		for _, late := range g.late {
			late.Stop()
		}
		g.late = nil
		for k, one := range j.guards {
			if one == g {
				j.unpinFree(k, g)
			}
		}
	}
}

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

// hasDescriptors tells whether a process has descriptors of memory that is guarded, as far as can be seen.
func (p *proc) hasDescriptors() bool {
	fds, err := p.Family.FS.FDNumbers(p.PID)
	if err != nil {
		return !errors.Is(err, procfs.ErrGone)
	}
	return slices.ContainsFunc(fds, func(fd int) bool {
		_, is := p.s.joint.shownBy(p, p.PID, fd)
		return is
	})
}

// sees is told of the calls of a process at home. Tracing thread.
func (p *proc) sees(t *tracee.Thread, c *ptrace.CallInfo) bool {
	s := p.s
	if s.joint.calm.Load() && s.allStill() { // until it is looked anew who has what
		p.Sees = nil
		return false
	}
	r := reached{beyond: true}
	if c.Arch == ptrace.ArchX8664 {
		r = s.joint.reaches(p, t.TID, c.Nr, c.Args, p.rightsAt(c))
	} else if shown := s.joint.shown.Load(); shown != nil { // by another table of calls
		for _, k := range *shown {
			r.keys = append(r.keys, k)
		}
	}
	if len(r.keys) == 0 {
		return false
	}
	s.stay(1)
	turn := t.Turn()
	go func() {
		defer s.endIfIdle()
		defer s.stay(-1)
		made := s.joint.bringFor(r)
		s.fam.Loop.Do(func() { t.GoOnCalling(turn, made) })
	}()
	return true
}

// allStill tells whether no process of the family is away, or is being moved.
func (s *Supervisor) allStill() bool {
	return !slices.ContainsFunc(s.all(), func(p *proc) bool { return !p.isStill() })
}

// rightsAt are the descriptors that a call at home passes on. Another thread may change them in that very moment.
func (p *proc) rightsAt(c *ptrace.CallInfo) []int {
	if !syscalls.PassesRights(c.Nr) {
		return nil
	}
	const most = 1024 // messages (UIO_MAXIOV)
	n, size := uint64(1), uint64(abi.SizeMsghdr)
	if c.Nr == unix.SYS_SENDMMSG {
		n, size = min(uint64(uint32(c.Args[2])), most), abi.SizeMmsghdr
	}
	var all []int
	for i := range n {
		head := make([]byte, abi.SizeMsghdr)
		if p.Mem.Read(c.Args[1]+i*size, head) != nil {
			break
		}
		const mostControl = 64 << 10 // of which no more is passed on
		control := make([]byte, min(le.Uint64(head[abi.MsgControllen:]), mostControl))
		if len(control) > 0 && p.Mem.Read(le.Uint64(head[abi.MsgControl:]), control) == nil {
			all = append(all, syscalls.Rights(control)...)
		}
	}
	return all
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

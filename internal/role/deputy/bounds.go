package deputy

import (
	"errors"

	"openmosix/internal/linux/weight"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// Others may set a process's limits, CPUs and weight (prlimit(2), taskset(1), renice(1), chrt(1)), and the
// kernel tells nobody. What they set is the deputy's, where the guest's side does not see it. So whenever
// that tells what the process uses, once a second, the deputy is looked at, and after a call by which
// a process of the family sets another's at once.

// bounds are what a guest's side goes by. Guarded by proc.limits.
type bounds struct {
	link   *link // who was told; nil: nobody
	moves  int   // ... since which move: with each they come anew
	limits [len(boundsAway)]unix.Rlimit
	cpus   map[int]unix.CPUSet // of threads, by own id
	weighs map[int]image.Weight
}

// boundsAway are the limits that act at the guest: its side goes by RLIMIT_CPU itself. That on locked
// memory is what lockLimit makes of it.
var boundsAway = [...]int{unix.RLIMIT_CPU, unix.RLIMIT_DATA, unix.RLIMIT_STACK, unix.RLIMIT_AS, unix.RLIMIT_MEMLOCK}

// tellBounds tells the guest's side what is new; soft is what that tells of the limit on CPU time. It does
// not wait: if limits are put aside just now, all is told the next time.
func (p *proc) tellBounds(l *link, soft uint64) {
	if !p.limits.TryLock() {
		return
	}
	defer p.limits.Unlock()
	p.reachedCPU(soft)
	p.boundsChanged(l)
}

// reachedCPU: with the signal that says so the kernel makes the soft limit on CPU time a second longer
// (setrlimit(2)), and so does the guest's side. 0: it was not reached there. Precondition: p.limits is held.
func (p *proc) reachedCPU(soft uint64) {
	const at = 0 // in boundsAway
	var now unix.Rlimit
	if soft == 0 || unix.Prlimit(p.PID, boundsAway[at], nil, &now) != nil || now.Cur >= soft || soft > now.Max {
		return // it is ending, or somebody has set another one meanwhile
	}
	now.Cur = soft
	if err := unix.Prlimit(p.PID, boundsAway[at], &now, nil); err != nil {
		p.s.log.Debug("limit on CPU time", "pid", p.PID, "error", err)
		return
	}
	p.bounds.limits[at] = now // the guest's side knows
}

// tellBoundsNow is tellBounds of what a call of the process itself may have changed: the guest's side has been told
// before the reply comes.
func (p *proc) tellBoundsNow(l *link) {
	p.limits.Lock()
	defer p.limits.Unlock()
	p.boundsChanged(l)
}

// boundsChanged is tellBounds with p.limits held.
func (p *proc) boundsChanged(l *link) {
	p.mu.Lock()
	skip, moves := l == nil || p.link != l || p.ended, p.moves
	p.mu.Unlock()
	if skip {
		return
	}
	anew := p.bounds.link != l || p.bounds.moves != moves
	m, now, err := p.newBounds(anew)
	if err != nil {
		return // it is ending
	}
	now.link, now.moves = l, moves
	p.bounds = now
	if len(m.Limits) == 0 && len(m.CPUs) == 0 && len(m.Weighs) == 0 {
		return
	}
	if err := p.tellGuest(l, wire.Bounds, p.Own, wire.Encode(m)); err != nil {
		p.s.log.Debug("limits not told", "pid", p.PID, "error", err)
	}
}

// newBounds are what they are now, and what of that is new, or all of it. Precondition: p.limits is held.
func (p *proc) newBounds(anew bool) (m wire.BoundsMsg, now bounds, err error) {
	if err := p.readBounds(&now); err != nil {
		return m, now, err
	}
	for i, r := range boundsAway {
		if l := now.limits[i]; anew || l != p.bounds.limits[i] {
			m.Limits = append(m.Limits, wire.Bound{Resource: r, Limit: image.Limit{Cur: l.Cur, Max: l.Max}})
		}
	}
	var all, one unix.CPUSet // what home gives; what a thread may use
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return m, now, err
	}
	threads := p.Threads()
	now.cpus, now.weighs = make(map[int]unix.CPUSet, len(threads)), make(map[int]image.Weight, len(threads))
	for _, t := range threads {
		if unix.SchedGetaffinity(t.TID, &one) != nil {
			continue // it has ended
		}
		now.cpus[t.Own] = one
		if now.weighs[t.Own], err = weight.Of(t.TID); err == nil && (anew || now.weighs[t.Own] != p.bounds.weighs[t.Own]) {
			m.Weighs = append(m.Weighs, wire.ThreadWeight{TID: t.Own, Weight: now.weighs[t.Own]})
		}
		if was, known := p.bounds.cpus[t.Own]; known && was == one && !anew {
			continue
		}
		m.CPUs = append(m.CPUs, wire.ThreadCPUs{TID: t.Own, CPUs: cpusOf(one, all)})
	}
	return m, now, nil // a thread that has ended is no error
}

// readBounds reads the limits.
func (p *proc) readBounds(now *bounds) error {
	var told map[int]image.Limit // by a file, as to a supervisor without CAP_SYS_RESOURCE
	for i, r := range boundsAway {
		l := &now.limits[i]
		err := unix.Prlimit(p.PID, r, nil, l)
		if errors.Is(err, unix.EPERM) {
			if told == nil {
				told, err = p.Family.FS.Limits(p.PID)
			} else {
				err = nil
			}
			*l = unix.Rlimit(told[r])
		}
		if err != nil {
			return err
		}
		if r == unix.RLIMIT_MEMLOCK {
			*l = unix.Rlimit(p.lockLimit(image.Limit(*l)))
			p.mu.Lock()
			p.lockable = max(p.lockable, l.Cur)
			p.mu.Unlock()
		}
	}
	return nil
}

// bindsOther has told the guest's side of another process whose limit, CPUs or weight were set by a call.
func (d *deputy) bindsOther(c *syscalls.Call) {
	if c.Nr == unix.SYS_SETPRIORITY && int32(c.Args[0]) != unix.PRIO_PROCESS { // of many
		for _, p := range d.p.s.all() {
			if p != d.p {
				p.tellBounds(p.away(), 0)
			}
		}
		return
	}
	target := c.Args[0]
	switch c.Nr {
	case unix.SYS_SETPRIORITY:
		target = c.Args[1]
	case unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETATTR:
	case unix.SYS_PRLIMIT64:
		if !c.Given(2) {
			return
		}
	default:
		return
	}
	if other := d.p.s.deputyByOwn(int(int32(target))); other != nil && other.p != d.p {
		other.p.tellBounds(other.p.away(), 0)
	}
}

package deputy

import (
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// The deputy has the process's limits, for the kernel at home to enforce. Those
// on memory are put aside for mappings that are not the program's doing here:
// whether it may map what it maps has been decided at the guest.

// executeAs is execute with the limits that belong to the call.
func (d *deputy) executeAs(c *syscalls.Call) (ret int64, outs [][]byte, ok bool) {
	switch c.Nr {
	case unix.SYS_GETRLIMIT, unix.SYS_SETRLIMIT, unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY:
		if entered, ok := d.awaitIfBulk(c); !entered {
			return restartNoIntr, nil, ok
		}
		d.p.limits.Lock()
		if d.leavesNoRoom(c) {
			d.p.limits.Unlock()
			return wire.AtHome, nil, true
		}
		d.limited = true
		ret, outs, ok = d.execute(c)
		d.limited = false
		d.p.limits.Unlock()
		if ok && ret == 0 {
			d.bindsOther(c)
			d.bindsSelf(c)
		}
		return ret, outs, ok
	case unix.SYS_MMAP:
		if len(c.Segs) > 0 { // an honest one has no memory of its own, for which the limits would be put aside twice
			return -int64(unix.EFAULT), nil, true
		}
		d.p.limits.Lock()
		defer d.p.limits.Unlock()
		if err := d.p.Unlimited(func() error {
			ret, outs, ok = d.execute(c)
			return nil
		}); err != nil {
			d.p.s.log.Warn("limits", "pid", d.p.PID, "error", err)
			return -int64(unix.ENOMEM), nil, d.t.Alive()
		}
		return ret, outs, ok
	}
	ret, outs, ok = d.execute(c)
	if ok && ret == 0 {
		d.bindsOther(c)
		d.bindsSelf(c)
	}
	return ret, outs, ok
}

// leavesNoRoom tells whether a call limits the process's address space for good to less than it takes to keep it away: nothing
// could be mapped in its deputy any more, neither to make a child nor to come home. Precondition: proc.limits is held.
func (d *deputy) leavesNoRoom(c *syscalls.Call) bool {
	resource, pid, at := int32(c.Args[0]), int32(0), int8(1)
	if c.Nr == unix.SYS_PRLIMIT64 {
		resource, pid, at = int32(c.Args[1]), int32(c.Args[0]), 2
	}
	if c.Nr != unix.SYS_SETRLIMIT && c.Nr != unix.SYS_PRLIMIT64 || resource != unix.RLIMIT_AS || pid != 0 && int(pid) != d.p.Own || d.p.s.passesLimits() {
		return false
	}
	for i := range c.Segs {
		if in := c.Segs[i].In; c.Segs[i].Arg == at && len(in) == 16 {
			st, err := d.p.Family.FS.Status(d.p.PID)
			return err == nil && le.Uint64(in[8:]) < st.VmSize+stub.RegionSize // as much again, for what it maps until it comes home
		}
	}
	return false
}

// passesLimits tells whether the supervisor may raise a hard limit.
func (s *Supervisor) passesLimits() bool { return s.capable(unix.Getpid(), unix.CAP_SYS_RESOURCE) }

// unlimited is Unlimited of a process whose guest's side may be told of its limits meanwhile.
func (p *proc) unlimited(f func() error) error {
	p.limits.Lock()
	defer p.limits.Unlock()
	return p.Unlimited(f)
}

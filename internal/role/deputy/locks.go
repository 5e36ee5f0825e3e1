package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// What a process has locked (mlock(2)) is locked where it runs. Its deputy has nothing locked: it could give
// nothing back, and what it maps would be locked once more. What has been locked here is not left to be
// swapped out, as it may be secret: it is dropped, and comes back whole.

// forgotten is what unlock drops.
func (f *frozen) forgotten() []image.Range {
	if len(f.rest.later) > 0 { // it is given back when it has followed
		return nil
	}
	var locked []image.Range
	for i := range f.img.VMAs {
		if v := &f.img.VMAs[i]; v.Advice&image.Locked != 0 {
			locked = append(locked, v.Range)
		}
	}
	return layout.Intersect(layout.Union(locked), layout.Union(f.givable()))
}

// unlock unlocks all that the deputy has. The process runs elsewhere.
func (f *frozen) unlock() {
	leader, p := f.threads[0], f.p
	err := leader.UnlockAll(f.img)
	if err == nil {
		err = leader.Drop(f.img.HomeDirty)
	}
	if err != nil {
		p.s.log.Warn("what was locked stays at home", "pid", p.PID, "error", err)
	}
}

// lock makes what is left to be made of the process's mappings when their pages are here: guard regions, and what
// is locked, as far as it is not yet.
func (r *returning) lock(lacks []image.Range) error {
	leader := r.threads[0]
	return r.p.unlimited(func() error {
		if err := leader.Guard(r.img.Guards, r.img.VMAs); err != nil {
			return err
		}
		if err := leader.LockWhole(r.img.VMAs, lacks); err != nil {
			return err
		}
		return leader.LockNew(r.img)
	})
}

// unlock undoes what of that has been done: the process does not come.
func (r *returning) unlock() {
	if len(r.threads) == 0 {
		return
	}
	if err := r.threads[0].UnlockAll(r.img); err != nil {
		r.p.s.log.Warn("memory stays locked at home", "pid", r.p.PID, "error", err)
	}
}

// lockLimit is the process's limit on locked memory: none, where it may lock what it likes.
func (p *proc) lockLimit(l image.Limit) image.Limit {
	if p.s.capable(p.PID, unix.CAP_IPC_LOCK) {
		return image.Limit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	}
	return l
}

// capable tells whether a process has a capability in the first user namespace; in no other does it lift a limit.
func (s *Supervisor) capable(pid, capability int) bool {
	st, err := s.fam.FS.Status(pid)
	return err == nil && st.CapEff>>capability&1 != 0 && s.fam.FS.Link(pid, "ns/user") == firstUserNamespace
}

// firstUserNamespace has the same number on all machines: PROC_USER_INIT_INO.
const firstUserNamespace = "user:[4026531837]"

// bindsSelf has the guest's side told if a call, which has succeeded, may have changed what the process may lock, or
// what its threads weigh.
func (d *deputy) bindsSelf(c *syscalls.Call) {
	switch c.Nr {
	case unix.SYS_PRLIMIT64:
		if !c.Given(2) {
			return
		}
	case unix.SYS_SETPRIORITY, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETATTR:
	case unix.SYS_SETRLIMIT, unix.SYS_SETUID, unix.SYS_SETREUID, unix.SYS_SETRESUID, unix.SYS_CAPSET:
	default:
		return
	}
	d.p.tellBoundsNow(d.p.away())
}

package tracee

import (
	"errors"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// Locked memory, mlock(2), is known like advice: smaps shows it, the list of mappings does not.
// That what a process maps from now on is to be locked (mlockall(2), MCL_FUTURE) no file tells,
// but the first mapping that is made in it does.

// relock locks a mapping, or unlocks it. What is there is locked, and what comes as it comes:
// nothing is taken for pages that are on their way, and none is waited for.
func (t *Thread) relock(v image.VMA) error {
	if v.Advice&image.Locked == 0 {
		_, err := t.Must("munlock", unix.SYS_MUNLOCK, v.Start, v.Len())
		return err
	}
	_, err := t.Must("mlock2", unix.SYS_MLOCK2, v.Start, v.Len(), unix.MLOCK_ONFAULT)
	return err
}

// LockWhole has the mappings be that which are locked whole, not just as pages come, when their pages have been stored.
// Those that lack some are locked without one being taken for it.
func (t *Thread) LockWhole(vmas []image.VMA, lacks []image.Range) error {
	var whole, lacking []image.Range
	lacks = layout.Union(lacks)
	for i := range vmas {
		switch r := vmas[i].Range; {
		case vmas[i].Advice&image.Locks != image.Locked:
		case len(layout.Intersect([]image.Range{r}, lacks)) > 0:
			lacking = append(lacking, r)
		default:
			whole = append(whole, r)
		}
	}
	if err := t.lockEach(whole); err != nil || len(lacking) == 0 {
		return err
	}
	return t.lockLacking(lacking)
}

// lockEach locks mappings one by one: where a page cannot be had (no access is allowed, a file ends before it) the kernel
// says no, and looks at no mapping behind it. This one is locked by then.
func (t *Thread) lockEach(rs []image.Range) error {
	for _, r := range rs {
		if _, err := t.Call(unix.SYS_MLOCK, r.Start, r.Len()); err != nil {
			return err
		}
	}
	return nil
}

// lockLacking is lockEach of mappings that lack pages. They cannot be had either, as long as a userfaultfd is there
// that serves no faults of the kernel's.
func (t *Thread) lockLacking(rs []image.Range) error {
	fd, err := t.Proc.userfaultfd(t.Must, 0)
	if err != nil {
		return err
	}
	defer func() { _ = fd.Close() }()
	for _, r := range rs {
		if err := fd.Register(r.Start, r.Len(), uffd.ModeMissing); err != nil {
			return err
		}
	}
	return t.lockEach(rs)
}

// lockedAround lists the locked mappings in which some of the ranges lie.
func lockedAround(vmas []image.VMA, rs []image.Range) []image.VMA {
	var some []image.VMA
	for _, v := range vmas {
		if v.Advice&image.Locked != 0 && len(layout.Intersect([]image.Range{v.Range}, rs)) > 0 {
			some = append(some, v)
		}
	}
	return some
}

// LockNew has what the process maps from now on be locked, if its image says so.
func (t *Thread) LockNew(img *image.Image) error {
	if img.LocksNew == 0 {
		return nil
	}
	_, err := t.Must("mlockall", unix.SYS_MLOCKALL, uint64(img.LocksNew))
	return err
}

// UnlockAll unlocks all of the process's memory, and what it will map. Some of the image it left with
// may be locked.
func (t *Thread) UnlockAll(img *image.Image) error {
	if img.Locked() == 0 && img.LocksNew == 0 {
		return nil
	}
	_, err := t.Must("munlockall", unix.SYS_MUNLOCKALL)
	if err == nil {
		t.Proc.LocksNew = 0
		t.Proc.forgetLocks()
	}
	return err
}

// asLocked makes a mapping that has just been made again what it was before, and not what new ones are.
func (t *Thread) asLocked(v image.VMA) error {
	if v.Advice&image.Locked == 0 && t.Proc.LocksNew != 0 {
		return t.relock(v)
	}
	return t.LockWhole([]image.VMA{v}, nil)
}

// lockCalls are made in a process that has locked memory.
var lockCalls = []string{"mlock", "mlock2", "munlock", "mlockall", "munlockall", "mremap", "userfaultfd"}

// lockCallsIn are lockCalls if there is some.
func (p *Process) lockCallsIn() []string {
	st, err := p.Family.FS.Status(p.PID)
	if err != nil || st.VmLck == 0 {
		return nil
	}
	return lockCalls
}

// lockingNew is what a process has set for its new mappings, of which one has made so many kB more be
// locked: whether pages are had at once, that one shows.
func (p *Process) lockingNew(one image.Range, more uint64) (uint8, error) {
	if more == 0 {
		return 0, nil
	}
	there, err := pagemap.Scan(p.Mem.Pagemap(), one, pagemap.Query{All: pagemap.Present})
	switch {
	case err != nil:
		return 0, err
	case len(there) == 0:
		return image.LockNew | image.LockNewOnFault, nil
	}
	return image.LockNew, nil
}

// mapSlots maps the slots, by calls injected behind that which has mapped the code. Neither is to be locked, where new
// mappings are: there is room for two thousand threads. But a mapping that has been unlocked grows as it is.
func (p *Process) mapSlots(do caller, base, fd uint64) error {
	at, size, first := stub.SlotsAt(base), uint64(stub.RegionSlots), uint64(stub.RegionSlots)
	if p.LocksNew != 0 {
		first = image.PageSize
		if _, err := do("munlock", unix.SYS_MUNLOCK, base, image.PageSize); err != nil {
			return err
		}
	}
	_, err := do("map shared memory", unix.SYS_MMAP, at, first, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_SHARED|unix.MAP_FIXED_NOREPLACE|unix.MAP_NORESERVE, fd, 0)
	if err != nil || first == size {
		return err
	}
	if _, err = do("munlock", unix.SYS_MUNLOCK, at, first); err == nil {
		_, err = do("mremap", unix.SYS_MREMAP, at, first, size, 0)
	}
	if err != nil {
		_, _ = do("munmap", unix.SYS_MUNMAP, at, first)
	}
	return err
}

// ErrLockLimit: the process has what it maps be locked, and may not lock what its supervisor needs in it.
var ErrLockLimit = errors.New("it has all locked that it maps (mlockall), and its limit on that (ulimit -l) leaves no room for what openMosix maps in it; " +
	"this node may not pass a hard limit (it lacks CAP_SYS_RESOURCE)")

package deputy

import (
	"slices"

	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// A call whose buffers do not fit a slot has memory of its own for as long as it lasts, which may be long. It lies
// where no program has anything. Wherever the kernel would put it, it would put what the program maps away, too: the deputy
// does not have that, and so has the same room. Pages of it that come home ahead would be stored in the call's memory,
// and go with that; and a file that is mapped there would replace it.

// scratch maps memory for a call's arguments. The result is as mmap(2)'s.
func (p *proc) scratch(d *deputy, size uint64) (at int64, err error) {
	defer p.lockLimits(d)()
	place := p.freeScratch(size)
	flags := uint64(unix.MAP_PRIVATE | unix.MAP_ANONYMOUS)
	if place != 0 { // what is there is a call's that another thread has made where this process was forked
		flags |= unix.MAP_FIXED
	}
	err = p.Unlimited(func() (err error) {
		at, err = d.t.Call(unix.SYS_MMAP, place, size, unix.PROT_READ|unix.PROT_WRITE, flags, ^uint64(0), 0)
		return err
	})
	if err == nil && at > 0 {
		r := image.Range{Start: uint64(at), End: uint64(at) + size}
		p.scratches = append(p.scratches, r)
		p.keepRange(r)
	}
	return at, err
}

// unscratch unmaps it.
func (p *proc) unscratch(d *deputy, at int64, size uint64) {
	defer p.lockLimits(d)()
	if _, err := d.t.Call(unix.SYS_MUNMAP, uint64(at), size); err == nil { // else the thread is gone, and mostly the process
		p.scratches = slices.DeleteFunc(p.scratches, func(r image.Range) bool { return r.Start == uint64(at) })
	}
}

// lockLimits holds the limits for a deputy's call, which may hold them already: a hostile one may be large, and an honest one
// have its rlimit where its memory ends.
func (p *proc) lockLimits(d *deputy) (unlock func()) {
	if d.limited {
		return func() {}
	}
	p.limits.Lock()
	return p.limits.Unlock
}

// freeScratch is a place for so many bytes; 0: anywhere, as there is none left. Precondition: limits is held.
func (p *proc) freeScratch(size uint64) uint64 {
	at := p.Base + stub.ScratchOff
	slices.SortFunc(p.scratches, func(a, b image.Range) int { return int(int64(a.Start - b.Start)) })
	for _, r := range p.scratches {
		if r.Start >= at+size {
			break
		}
		at = max(at, r.End)
	}
	if at+size > p.Base+stub.Stretch {
		return 0
	}
	return at
}

// noScratches: no call is under way. What is left in the list was a thread's that is gone.
func (p *proc) noScratches() {
	p.limits.Lock()
	defer p.limits.Unlock()
	p.scratches = nil
}

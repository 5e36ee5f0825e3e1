package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A process that is whole elsewhere gives its memory back to this node: its
// deputies drop it, a piece at a time, while they have nothing else to do, so
// that no call waits for it. Lock order: a deputy's using, proc.giving; or, of a
// deputy's own goroutine between two calls, the other way round.

const (
	// worthGivingBack is from how much memory on this is done. Less is kept: then
	// only what was written away has to come back.
	worthGivingBack = 16 << 20
	// givenAtOnce is for how much a call may have to wait.
	givenAtOnce = 2 << 20
)

// giveBack begins with that, before the threads are deputies. The stack stays,
// where others read the process's arguments. If all threads are in calls, which
// may take hours, a deputy has no time later.
func (f *frozen) giveBack() {
	p, vmas := f.p, f.img.VMAs
	present, err := p.PrivatePages(vmas)
	if err != nil || layout.Bytes(present) < worthGivingBack {
		return
	}
	var stacks []image.Range
	for i := range vmas {
		if vmas[i].Name == "[stack]" {
			stacks = append(stacks, vmas[i].Range)
		}
	}
	p.giving.Lock()
	p.emptied, p.toGive = true, layout.Subtract(tracee.PrivateRanges(vmas), stacks)
	p.giving.Unlock()
	for i := range f.saved {
		if int64(f.saved[i].Regs.OrigRax) < 0 {
			return
		}
	}
	p.giveAll(f.threads[0])
}

// giveSome gives back a piece. False: there is none.
func (d *deputy) giveSome() bool {
	p := d.p
	p.giving.Lock()
	defer p.giving.Unlock()
	if len(p.toGive) == 0 {
		return false
	}
	return d.use(func() { p.giveOne(d.t, givenAtOnce) })
}

// giveAll gives back all that is left, by a thread that is parked.
func (p *proc) giveAll(t *tracee.Thread) {
	p.giving.Lock()
	defer p.giving.Unlock()
	for len(p.toGive) > 0 {
		p.giveOne(t, ^uint64(0))
	}
}

// giveOne gives back as much of the first range. What cannot be is kept.
// Precondition: giving is held, and there is something to give.
func (p *proc) giveOne(t *tracee.Thread, most uint64) {
	r := p.toGive[0]
	if r.Len() > most {
		r.End = r.Start + most
		p.toGive[0].Start = r.End
	} else {
		p.toGive = p.toGive[1:]
	}
	if _, err := t.Must("madvise", unix.SYS_MADVISE, r.Start, r.Len(), unix.MADV_DONTNEED); err != nil {
		p.s.log.Debug("memory is not given back", "pid", p.PID, "error", err)
	}
}

// keepRest gives nothing more back: something is about to be put there.
func (p *proc) keepRest() {
	p.giving.Lock()
	defer p.giving.Unlock()
	p.toGive = nil
}

// keepRange does not give back what has been put there since.
func (p *proc) keepRange(r image.Range) {
	p.giving.Lock()
	defer p.giving.Unlock()
	p.toGive = layout.Subtract(p.toGive, []image.Range{r})
}

// isEmptied tells whether memory has been given back, so that all has to come home.
func (p *proc) isEmptied() bool {
	p.giving.Lock()
	defer p.giving.Unlock()
	return p.emptied
}

package deputy

import (
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A process that is whole elsewhere gives its memory back to this node: its
// deputies drop it, a piece at a time, while they have nothing else to do, so
// that no call waits for it. When all of them are in calls that take long, perhaps hours, one is broken off,
// and does so before it is made again. Lock order: a deputy's using, proc.giving, proc.mu.

const (
	// worthGivingBack is from how much memory on this is done at once. Less is kept for longAway:
	// then only what was written away has to come back. And leastGiven is never given back.
	worthGivingBack = 16 << 20
	longAway        = 5 * time.Second
	leastGiven      = 512 << 10
	// worthNoting is from how much memory on what is not written away is kept apart from what
	// is. A program that has just begun has a quarter of that, and where writes are noted the
	// kernel maps a file's pages one by one, not sixteen at once.
	worthNoting = 1 << 20
	// givenAtOnce is for how much memory a call may have to wait.
	givenAtOnce = 2 << 20
)

// giveBack has the deputies do that. The stack stays, where others read the process's arguments.
//
// While pages are still to be fetched nothing is given: isWhole begins then.
func (f *frozen) giveBack() {
	p := f.p
	if !f.gives {
		if size := layout.Bytes(f.present); size >= leastGiven && size < worthGivingBack && p.mayGive() {
			p.giveIfLong(f.pieces())
		}
		return
	}
	givable := f.pieces()
	if len(f.rest.later) > 0 {
		p.giveLater(givable)
		return
	}
	p.giving.Lock()
	defer p.giving.Unlock()
	p.emptied, p.toGive = true, givable
	go p.makeTime()
}

// unguard takes the guard regions out of the deputy: pages that come home ahead may
// belong where the process has removed one. All that it has then are made anew.
func (f *frozen) unguard() {
	if err := f.threads[0].Unguard(f.img.Guards); err != nil {
		f.p.s.log.Warn("a guard region stays at home: pages may not be able to come there", "pid", f.p.PID, "error", err)
	}
}

// worthGiving tells whether a process that holds these pages gives its memory back as it leaves.
func (f *frozen) worthGiving(present []image.Range) bool {
	return layout.Bytes(present) >= worthGivingBack && f.p.mayGive()
}

// mayGive: a filter of its own may kill it for the call.
func (p *proc) mayGive() bool {
	st, err := p.Family.FS.Status(p.PID)
	return err == nil && st.Seccomp == 0
}

// allReturns tells whether all memory has to come home with the process.
func (f *frozen) allReturns() bool { return f.gives || layout.Bytes(f.present) < worthNoting }

// givable is what a process gives back.
func (f *frozen) givable() []image.Range {
	vmas := f.img.VMAs
	var stacks []image.Range
	for i := range vmas {
		if vmas[i].Name == "[stack]" {
			stacks = append(stacks, vmas[i].Range)
		}
	}
	return layout.Subtract(tracee.PrivateRanges(vmas), stacks)
}

// pieces is that, cut so that no call has to wait for long. Of a file it is not known which of the
// pages that were not written are mapped.
func (f *frozen) pieces() []image.Range {
	var files []image.Range
	for i := range f.img.VMAs {
		if v := &f.img.VMAs[i]; v.Kind == image.File {
			files = append(files, v.Range)
		}
	}
	return layout.Pieces(f.givable(), layout.Union(files, f.present), givenAtOnce)
}

// giveIfLong notes what is to be given back when the process has been away for long.
func (p *proc) giveIfLong(rs []image.Range) {
	p.giving.Lock()
	p.giveWhole, p.giveFrom = rs, time.Now().Add(longAway)
	p.giving.Unlock()
	time.AfterFunc(longAway, p.isWhole)
}

// giveLater notes what is to be given back when the last page has been fetched.
func (p *proc) giveLater(rs []image.Range) {
	p.giving.Lock()
	p.giveWhole, p.giveFrom = rs, time.Time{}
	p.giving.Unlock()
	go p.isWhole() // it may be already
}

// isWhole has the deputies give back the memory of a process whose last page has been fetched, however long that has
// taken, and that has been away for as long as it is to be. Either may have come about.
func (p *proc) isWhole() {
	if !p.mayGive() || !p.gives() {
		return
	}
	for _, d := range p.deputies() {
		d.poke()
	}
	p.makeTime()
}

// gives begins to give back what waits for that, if the time has come.
func (p *proc) gives() bool {
	p.giving.Lock()
	defer p.giving.Unlock()
	p.mu.Lock()
	whole := p.source == nil
	p.mu.Unlock()
	if !whole || p.giveWhole == nil || time.Now().Before(p.giveFrom) {
		return false
	}
	p.emptied, p.toGive, p.giveWhole = true, p.giveWhole, nil
	return true
}

// deputies lists those of the process's threads.
func (p *proc) deputies() []*deputy {
	var all []*deputy
	for _, t := range p.Threads() {
		if d := p.s.deputyByOwn(t.Own); d != nil {
			all = append(all, d)
		}
	}
	return all
}

const (
	// takesLong is from when on a call is one that takes long.
	takesLong = 50 * time.Millisecond
	// seldom is how often it is looked in the end whether there is time.
	seldom = 10 * time.Second
)

// makeTime sees to it that a deputy has time to give the memory back. It returns when that has been done, or is not to be
// done any more.
func (p *proc) makeTime() {
	var before map[*deputy]uint64
	for pause := takesLong; p.hasToGive() && !p.ends(); pause = min(2*pause, seldom) {
		time.Sleep(pause)
		now, stays := map[*deputy]uint64{}, true
		var one *deputy
		for _, d := range p.deputies() {
			d.mu.Lock()
			now[d] = d.serial
			d.mu.Unlock()
			stays = stays && now[d] != 0 && now[d] == before[d]
			one = d
		}
		if before = now; one != nil && stays && p.hasToGive() {
			one.givesFirst.Store(true)
			one.breakOff(now[one])
		}
	}
}

// poke has a deputy's goroutine look whether there is something to give back.
func (d *deputy) poke() {
	select {
	case d.gives <- struct{}{}:
	default:
	}
}

// giveSome gives back a piece between two calls. False: there is none, or it
// cannot be done now.
func (d *deputy) giveSome() bool {
	if !d.p.hasToGive() {
		return false
	}
	given := false
	return d.use(func() { given = d.givePiece() }) && given
}

func (p *proc) hasToGive() bool {
	p.giving.Lock()
	defer p.giving.Unlock()
	return len(p.toGive) > 0
}

// giveRest gives back all that is left, as part of a call.
func (d *deputy) giveRest() {
	for d.givePiece() {
	}
}

// givePiece gives back a piece. Precondition: the thread's slot is this goroutine's.
func (d *deputy) givePiece() bool {
	d.p.giving.Lock()
	defer d.p.giving.Unlock()
	return len(d.p.toGive) > 0 && d.giveOne()
}

// giveOne gives back the first piece. What cannot be is kept.
// Precondition: giving is held, there is something to give, and the thread's
// slot is this goroutine's.
func (d *deputy) giveOne() bool {
	p, slot := d.p, d.t.Slot
	if slot == nil {
		return false
	}
	r := p.toGive[0]
	for {
		if !d.post(slot, unix.SYS_MADVISE, [6]uint64{r.Start, r.Len(), unix.MADV_DONTNEED}) {
			return false
		}
		ret, ok := slot.Await(forever)
		if !ok {
			return false
		}
		if ret != restartNoIntr {
			break
		}
	}
	p.toGive = p.toGive[1:]
	return true
}

// keepRest gives nothing more back: something is about to be put there.
func (p *proc) keepRest() {
	p.giving.Lock()
	defer p.giving.Unlock()
	p.toGive, p.giveWhole = nil, nil
}

// keepRange does not give back what has been put there since.
func (p *proc) keepRange(r image.Range) {
	p.giving.Lock()
	defer p.giving.Unlock()
	p.toGive = layout.Subtract(p.toGive, []image.Range{r})
	p.giveWhole = layout.Subtract(p.giveWhole, []image.Range{r})
}

// lacksSome: the deputy holds no longer what the guest side believes it does.
func (p *proc) lacksSome() {
	p.giving.Lock()
	defer p.giving.Unlock()
	p.emptied = true
}

// isEmptied tells whether memory has been given back, so that all has to come home.
func (p *proc) isEmptied() bool {
	p.giving.Lock()
	defer p.giving.Unlock()
	return p.emptied
}

package tracee

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"

	"golang.org/x/sys/unix"
)

// Watch has the kernel note which pages a process writes. It is a userfaultfd
// that the process itself has made and no longer holds: the kernel stops
// noting when the supervisor closes it, or dies.
type Watch struct {
	p  *Process
	fd uffd.FD
}

type caller func(what string, nr int, args ...uint64) (int64, error)

// newWatch makes a watch by calls in the process.
func (p *Process) newWatch(call caller) (*Watch, error) {
	fd, err := p.userfaultfd(call, uffd.TrackWrites)
	if err != nil {
		return nil, err
	}
	return &Watch{p: p, fd: fd}, nil
}

// Watch makes a watch by a parked thread.
func (t *Thread) Watch() (*Watch, error) { return t.Proc.newWatch(t.Must) }

// watchStop is how long a running process's leader may take to stop for a moment.
const watchStop = time.Second

// WatchRunning makes a watch of a process that runs: its leader stops for a
// moment, with the options it has then: a supervisor that dies must not leave
// it in the middle of a call that is not its own. Precondition: nobody holds
// the process, it has no stub, and its threads are traced with the options after. again may have the leader make a call
// again that the stop has broken off.
func (p *Process) WatchRunning(then, after int, again func(t *Thread, r *image.Regs)) (*Watch, error) {
	t := p.Leader()
	if t == nil {
		return nil, ErrGone
	}
	h, err := t.HoldOne(watchStop, DeliverNatively, nil)
	if err != nil {
		return nil, err
	}
	defer h.Release()
	ts := []*Thread{t}
	saved, err := h.Save(ts)
	if err != nil {
		return nil, err
	}
	again(t, &saved[0].Regs)
	ip, err := p.callInstruction()
	if err != nil {
		return nil, err
	}
	h.Do(func() {
		if err = ptrace.SetOptions(t.TID, then); err == nil {
			err = ptrace.SetSigMask(t.TID, blockAll)
		}
	})
	if err != nil {
		return nil, err
	}
	defer h.Do(func() { _ = ptrace.SetOptions(t.TID, after) }) // before it is released
	w, err := p.newWatch(func(what string, nr int, args ...uint64) (int64, error) {
		r, err := h.Inject(t, ip, nr, args...)
		if err == nil && r < 0 && r > -4096 {
			err = fmt.Errorf("%s: %w", what, unix.Errno(-r))
		}
		return r, err
	})
	if e := h.Resync(t); e != nil && err == nil {
		err = e
	}
	if e := h.SetThreads(ts, saved); e != nil && err == nil {
		err = e
	}
	if err != nil && w != nil {
		w.Close()
		w = nil
	}
	t.keepStay()
	return w, err
}

// Close ends the noting. A nil watch may be closed.
func (w *Watch) Close() {
	if w != nil {
		_ = w.fd.Close()
	}
}

// Cover begins to note writes to the private mappings among vmas. One request
// covers neighbours, holes between them included: a process may have thousands.
// Mappings that cannot be covered (they changed meanwhile) are not tracked.
//
// The process may run: of a mapping that has grown since vmas were read a part alone would be covered, and until the watch is
// closed mremap(2) would refuse it as two. So they are covered with all that they can grow into.
func (w *Watch) Cover(vmas []image.VMA) {
	now, err := w.p.Family.FS.Maps(w.p.PID)
	if err != nil {
		return // it has ended
	}
	for i := 0; i < len(vmas); {
		if !private(&vmas[i]) {
			i++
			continue
		}
		j := i + 1
		for j < len(vmas) && private(&vmas[j]) && !(vmas[i].Start < w.p.Base && w.p.Base < vmas[j].Start) {
			j++
		}
		start := vmas[i].Start
		if w.fd.Register(start, grown(vmas[j-1].End, now)-start, uffd.ModeWP) != nil && j > i+1 {
			for k := i; k < j; k++ {
				_ = w.fd.Register(vmas[k].Start, grown(vmas[k].End, now)-vmas[k].Start, uffd.ModeWP)
			}
		}
		i = j
	}
}

// grown is up to where a mapping can have grown that ended at end: where the next one of those that there are now begins.
func grown(end uint64, now []procfs.Mapping) uint64 {
	const kernel = 1 << 63 // vsyscall is there
	i := sort.Search(len(now), func(i int) bool { return now[i].Start >= end })
	switch {
	case i < len(now) && now[i].Start < kernel:
		return now[i].Start
	case i > 0:
		return max(end, now[i-1].End)
	}
	return end
}

func private(v *image.VMA) bool { return v.Kind == image.Anonymous || v.Kind == image.File }

// PrivateRanges lists where an image has private memory.
func PrivateRanges(vmas []image.VMA) []image.Range {
	var rs []image.Range
	for i := range vmas {
		if private(&vmas[i]) {
			rs = append(rs, vmas[i].Range)
		}
	}
	return layout.Union(rs)
}

// Protect lists what was written since the last time, and begins anew. It looks
// only into the ranges given; what is not tracked is left out.
func (p *Process) Protect(vmas []image.VMA, into []image.Range) ([]image.Range, error) {
	var all []image.Range
	for i := range vmas {
		if !private(&vmas[i]) {
			continue
		}
		for _, r := range layout.Intersect([]image.Range{vmas[i].Range}, into) {
			rs, err := pagemap.WrittenAndProtect(p.Mem.Pagemap(), r)
			all = append(all, rs...) // facts, also in case of an error
			if err != nil && !errors.Is(err, pagemap.ErrNotTracked) {
				return layout.Union(all), err
			}
		}
	}
	return layout.Union(all), nil
}

// Written lists what was written since the last Protect, in a process that
// stands still. Mappings that are not tracked (made since, or moved) count as
// written as a whole; pages that are not there may be named.
func (p *Process) Written(vmas []image.VMA) ([]image.Range, error) {
	var all []image.Range
	for i := range vmas {
		v := &vmas[i]
		if !private(v) {
			continue
		}
		rs, err := pagemap.ChangedPages(p.Mem.Pagemap(), v.Range)
		switch {
		case errors.Is(err, pagemap.ErrNotTracked):
			rs = []image.Range{v.Range}
		case err != nil:
			return nil, err
		}
		all = append(all, rs...)
	}
	return layout.Union(all), nil
}

package guest

import (
	"fmt"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// track has the kernel note which pages the body writes from now on, so that
// only those have to go home.
func (s *strand) track(vmas []image.VMA) error {
	w, err := s.t.Watch()
	if err != nil {
		return err
	}
	w.Cover(vmas)
	if _, err := s.b.Protect(vmas, tracee.PrivateRanges(vmas)); err != nil {
		w.Close()
		return err
	}
	s.b.mu.Lock()
	s.b.watch = w
	s.b.mu.Unlock()
	return nil
}

// ahead sends home what it can before the body is frozen.
func (d *departure) ahead(m *wire.FreezeMsg) {
	b := d.b
	b.mu.Lock()
	tracked, only := b.watch != nil, layout.Union(b.img.HomeDirty, b.dirty)
	b.mu.Unlock()
	if !tracked || len(m.Into) == 0 {
		return
	}
	d.sent = tracee.Ahead{P: b.Process, Into: m.Into, Only: only, All: m.Full, Stopped: d.given,
		Emit: func(kind uint8, parts ...[]byte) error { return b.g.send(kind, b.Own, parts...) }}
	if err := d.sent.Run(); err != nil {
		b.g.log.Debug("not all could be sent ahead", "process", b.Own, "error", err)
		d.sent.Sent = nil // what was announced may not have gone
	}
	b.mu.Lock()
	b.dirty = layout.Union(b.dirty, d.sent.Dirty)
	b.mu.Unlock()
}

// differing lists the pages whose contents may not be what the deputy held when
// the body came, and those written since they were sent ahead.
func (b *body) differing(img *image.Image, present []image.Range) (dirty, written []image.Range, err error) {
	b.mu.Lock()
	tracked, before := b.watch != nil, layout.Union(b.img.HomeDirty, b.dirty)
	b.mu.Unlock()
	if !tracked {
		return present, present, nil
	}
	if written, err = b.Written(img.VMAs); err != nil {
		return nil, nil, err
	}
	return layout.Intersect(layout.Union(written, before), present), written, nil
}

// absent lists where the body's private memory holds nothing of its own.
func absent(vmas []image.VMA, present []image.Range) []image.Range {
	var all []image.Range
	for i := range vmas {
		if k := vmas[i].Kind; k == image.Anonymous || k == image.File {
			all = append(all, vmas[i].Range)
		}
	}
	return layout.Subtract(layout.Union(all), present)
}

// usage is the CPU time the body has used here, in microseconds, and its resident bytes.
func (b *body) usage() (int64, uint64) {
	st, err := b.Family.FS.Stat(b.PID)
	if err != nil {
		return 0, 0
	}
	const ticks = 100 // USER_HZ of x86-64
	return int64(st.UTime+st.STime) * (1_000_000 / ticks), st.RSS * image.PageSize
}

// limits gives the body the limits that act on memory and affinity here.
func (s *strand) limits(img *image.Image) error {
	b := s.b
	for _, r := range []int{unix.RLIMIT_STACK, unix.RLIMIT_DATA, unix.RLIMIT_AS} {
		l := img.Limits[r]
		if err := unix.Prlimit(b.PID, r, &unix.Rlimit{Cur: l.Cur, Max: l.Max}, nil); err != nil && l.Cur != ^uint64(0) {
			b.g.log.Debug("limit not set", "limit", r, "error", err)
		}
	}
	return s.confine(img.CPUs)
}

// confine keeps the body off CPUs whose number its home does not know: a
// program sizes its per-CPU tables by the machine it was started on.
func (s *strand) confine(cpus int) error {
	if cpus <= 0 {
		return nil
	}
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(s.b.PID, &set); err != nil {
		return err
	}
	for c := range len(set) * 64 {
		if c >= cpus {
			set.Clear(c)
		}
	}
	if set.Count() == 0 {
		return fmt.Errorf("this node has no CPU with a number below %d, as home has them", cpus)
	}
	for _, t := range s.b.Threads() {
		if err := unix.SchedSetaffinity(t.TID, &set); err != nil {
			return err
		}
	}
	return nil
}

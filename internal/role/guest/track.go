package guest

import (
	"errors"
	"fmt"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"

	"golang.org/x/sys/unix"
)

// track has the kernel note which pages the body writes from now on, so that
// only those have to go home. The parked leader makes the calls.
func (s *strand) track(vmas []image.VMA) error {
	t := s.t
	fd, err := t.Must("userfaultfd", unix.SYS_USERFAULTFD, unix.O_CLOEXEC|uffd.UserModeOnly)
	if err != nil {
		return err
	}
	if _, err := t.Must("userfaultfd API", unix.SYS_IOCTL, uint64(fd), uffd.IoctlAPI, t.Put(0, uffd.APIRequest(uffd.TrackWrites))); err != nil {
		return err
	}
	for i := range vmas {
		v := &vmas[i]
		if v.Kind == image.Special || v.Kind == image.SharedFile {
			continue
		}
		if _, err := t.Must("track "+v.Name, unix.SYS_IOCTL, uint64(fd), uffd.IoctlRegister, t.Put(0, uffd.RegisterRequest(v.Start, v.Len(), uffd.ModeWP))); err != nil {
			return err
		}
	}
	for i := range vmas {
		v := &vmas[i]
		if v.Kind == image.Special || v.Kind == image.SharedFile {
			continue
		}
		if _, err := pagemap.WrittenAndProtect(s.b.Mem.Pagemap(), v.Range); err != nil {
			return err
		}
	}
	s.b.mu.Lock()
	s.b.tracked = true
	s.b.mu.Unlock()
	return nil
}

// differing lists the pages whose contents may not be what the deputy holds.
// Mappings the kernel does not track (made since, or moved) count as written.
func (b *body) differing(img *image.Image, present []image.Range) ([]image.Range, error) {
	b.mu.Lock()
	tracked, before := b.tracked, b.img.HomeDirty
	b.mu.Unlock()
	if !tracked {
		return present, nil
	}
	var written []image.Range
	for i := range img.VMAs {
		v := &img.VMAs[i]
		if v.Kind == image.Special || v.Kind == image.SharedFile {
			continue
		}
		rs, err := pagemap.Scan(b.Mem.Pagemap(), v.Range, pagemap.Query{All: pagemap.Written, Any: pagemap.Present | pagemap.Swapped, Flags: pagemap.CheckWPAsync})
		switch {
		case errors.Is(err, pagemap.ErrNotTracked):
			rs = []image.Range{v.Range}
		case err != nil:
			return nil, err
		}
		written = append(written, rs...)
	}
	return layout.Intersect(layout.Union(written, before), present), nil
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

package tracee

import (
	"errors"
	"fmt"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"

	"golang.org/x/sys/unix"
)

// Guards lists the guard regions in a process's private memory: madvise(2),
// MADV_GUARD_INSTALL. The list of mappings does not show them, only the page tables do.
func (p *Process) Guards(vmas []image.VMA) ([]image.Range, error) {
	var all []image.Range
	for _, r := range PrivateRanges(vmas) {
		rs, err := pagemap.GuardPages(p.Mem.Pagemap(), r)
		if errors.Is(err, pagemap.ErrUntold) {
			rs, err = p.unreadable(r)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
	}
	return layout.Union(all), nil
}

// unreadable finds guard regions for kernels that have them (6.13) but do not tell: they
// look like pages that are swapped out, and cannot be read even by a tracer.
func (p *Process) unreadable(r image.Range) ([]image.Range, error) {
	swapped, err := pagemap.SwappedPages(p.Mem.Pagemap(), r)
	if err != nil {
		return nil, err
	}
	var all []image.Range
	var one [1]byte
	for _, s := range swapped {
		for a := s.Start; a < s.End; a += image.PageSize {
			err := p.Forced().Read(a, one[:])
			switch {
			case errors.Is(err, unix.ESRCH):
				return nil, err
			case err != nil:
				all = append(all, image.Range{Start: a, End: a + image.PageSize})
			}
		}
	}
	return all, nil
}

// ErrNoGuards: this kernel has no guard regions. Mappings without rights would not do in
// their place: two more for each thread's stack come near the limit of a process, and
// the process could neither remove them nor go on treating what lies around as one.
var ErrNoGuards = errors.New("the process has guard regions in its memory (MADV_GUARD_INSTALL), which this node's kernel has not: use a node with Linux 6.13 or newer (6.15 for those in mapped files)")

// Guard installs guard regions by a parked thread, whose process has these mappings. What is there is
// dropped, which the kernel does not do where memory is locked: that comes behind.
func (t *Thread) Guard(rs []image.Range, vmas []image.VMA) error {
	locked := lockedAround(vmas, rs)
	for _, v := range locked {
		if _, err := t.Must("munlock", unix.SYS_MUNLOCK, v.Start, v.Len()); err != nil {
			return err
		}
	}
	for _, r := range rs {
		_, err := t.Must("install a guard", unix.SYS_MADVISE, r.Start, r.Len(), unix.MADV_GUARD_INSTALL)
		if errors.Is(err, unix.EINVAL) {
			err = ErrNoGuards
		}
		if err != nil {
			return fmt.Errorf("%#x-%#x: %w", r.Start, r.End, err)
		}
	}
	for _, v := range locked {
		if err := t.relock(v); err != nil {
			return err
		}
	}
	return nil
}

// Unguard removes guard regions by a parked thread: as long as they are there, nothing
// can be stored in them.
func (t *Thread) Unguard(rs []image.Range) error {
	for _, r := range rs {
		if _, err := t.Must("remove a guard", unix.SYS_MADVISE, r.Start, r.Len(), unix.MADV_GUARD_REMOVE); err != nil {
			return fmt.Errorf("%#x-%#x: %w", r.Start, r.End, err)
		}
	}
	return nil
}

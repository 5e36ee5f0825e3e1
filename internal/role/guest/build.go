package guest

import (
	"fmt"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// build makes the body of an announced process: its namespaces, its empty
// shell with the right id, and the address space as it looks now.
func (g *Guest) build(img *image.Image, files []*source) (*strand, error) {
	if g.init == nil {
		base, err := freeBase(img.VMAs)
		if err != nil {
			return nil, err
		}
		in, err := g.startInit(base)
		if err != nil {
			return nil, err
		}
		g.init = in
		mono, boot := clockOffsets(img)
		if err := in.settle(mono, boot); err != nil {
			return nil, err
		}
	}
	slot := g.fam.NewSlot()
	if err := g.init.fork(img.PID, slot); err != nil {
		return nil, err
	}
	s := g.awaitBorn(img.PID)
	if s == nil {
		return nil, fmt.Errorf("process %d was not reported", img.PID)
	}
	g.fam.Loop.Do(func() { s.t.Slot = slot })
	s.served.Store(true)
	s.b.mu.Lock()
	s.b.img = img
	s.b.mu.Unlock()
	if err := s.shed(); err != nil {
		return nil, err
	}
	if err := s.moveVDSO(img.VMAs); err != nil {
		return nil, err
	}
	return s, s.remap(img, files)
}

// freeBase is a place for the stub that the process does not use.
func freeBase(vmas []image.VMA) (uint64, error) {
next:
	for _, base := range stub.Candidates() {
		for i := range vmas {
			if vmas[i].Start < base+stub.RegionSize && base < vmas[i].End {
				continue next
			}
		}
		return base, nil
	}
	return 0, fmt.Errorf("the process uses all addresses kept for the supervisor")
}

// clockOffsets is what this node's clocks lack to go on from home's. Two nodes
// of one machine share the kernel's clocks to the microsecond.
func clockOffsets(img *image.Image) (mono, boot int64) {
	const same = int64(time.Second) // the way here takes some time; clocks of one kernel differ by that alone
	var m, b unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &m)
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &b)
	mono, boot = img.Monotonic-m.Nano(), img.Boottime-b.Nano()
	if img.Monotonic == 0 || abs(mono) < same && abs(boot) < same {
		return 0, 0
	}
	return mono, boot
}

func abs(x int64) int64 {
	if x < 0 {
		return -x
	}
	return x
}

// moveVDSO brings the kernel's own pages to where the process has them at
// home: the program holds pointers into them. Their order and distances are
// the kernel's; they go by way of a place that is free in both layouts.
func (s *strand) moveVDSO(want []image.VMA) error {
	have, _, err := tracee.Mappings(s.b.Family.FS, s.b.PID, s.b.Base, nil)
	if err != nil {
		return err
	}
	from, to := special(have), special(want)
	if len(from) != len(to) {
		return fmt.Errorf("this kernel's vDSO has %d parts, home's has %d", len(from), len(to))
	}
	for i := range from {
		if from[i].Name != to[i].Name || from[i].Len() != to[i].Len() {
			return fmt.Errorf("this kernel's vDSO differs from home's: %s has %d bytes, at home %s has %d", from[i].Name, from[i].Len(), to[i].Name, to[i].Len())
		}
	}
	if len(from) == 0 || from[0].Start == to[0].Start {
		return nil
	}
	transit := s.b.Base + transitOff
	for i := range from {
		if err := s.relocate(from[i].Range, transit+from[i].Start-from[0].Start); err != nil {
			return err
		}
	}
	// What is in the way at the destination is the init's: the next remap would drop it anyway.
	for i := range to {
		if _, err := s.t.Must("clear the vDSO's place", unix.SYS_MUNMAP, to[i].Start, to[i].Len()); err != nil {
			return err
		}
	}
	for i := range to {
		r := image.Range{Start: transit + from[i].Start - from[0].Start}
		r.End = r.Start + from[i].Len()
		if err := s.relocate(r, to[i].Start); err != nil {
			return err
		}
	}
	return nil
}

// transitOff is a free stretch of the stub's region, between code and slots.
const transitOff = 0x20000

func (s *strand) relocate(r image.Range, to uint64) error {
	_, err := s.t.Must("move the vDSO", unix.SYS_MREMAP, r.Start, r.Len(), r.Len(), unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED, to)
	return err
}

func special(vs []image.VMA) []image.VMA {
	var out []image.VMA
	for _, v := range vs {
		if v.Kind == image.Special {
			out = append(out, v)
		}
	}
	return out
}

// remap makes the body's address space the image's. Files are mapped from
// their sources.
func (s *strand) remap(img *image.Image, files []*source) error {
	have, mapped, err := tracee.Mappings(s.b.Family.FS, s.b.PID, s.b.Base, nil)
	if err != nil {
		return err
	}
	same := func(a, b uint32) bool { return int(b) < len(files) && isSource(mapped[a], files[b]) }
	open := func(i uint32) (int, error) {
		if int(i) >= len(files) {
			return -1, fmt.Errorf("no contents for file %s", img.Files[i].Path)
		}
		f := files[i]
		if f.fd < 0 {
			if f.fd, err = s.b.g.give(s, f.file); err != nil {
				return -1, err
			}
		}
		return f.fd, nil
	}
	return s.t.Apply(layout.Diff(have, img.VMAs, same), open)
}

// isSource tells whether a mapping of the body shows this source.
func isSource(m image.FileID, s *source) bool {
	var st unix.Stat_t
	return unix.Fstat(int(s.file.Fd()), &st) == nil && m.Ino == st.Ino && m.Dev == st.Dev
}

const regionSize = stub.RegionSize

package guest

import (
	"bytes"
	"fmt"
	"sort"

	"openmosix/internal/linux/vdso"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// build makes the body of an announced process: its namespaces, its empty
// shell with the right id, and the address space as it looks now.
func (g *Guest) build(img *image.Image, files []*source) (*strand, error) {
	if err := g.namespaces(img); err != nil {
		return nil, err
	}
	s, err := g.shell(img.PID)
	if err != nil {
		return nil, err
	}
	s.b.mu.Lock()
	s.b.img = img
	s.b.mu.Unlock()
	if err := s.shed(); err != nil {
		return nil, err
	}
	if err := s.placeVDSO(img); err != nil {
		return nil, err
	}
	if err := s.t.RestoreNoHuge(img); err != nil {
		return nil, err
	}
	return s, s.remap(img, files, nil)
}

// freeBase is a place for the stub that the process does not use.
func freeBase(vmas []image.VMA) (uint64, error) {
next:
	for _, base := range stub.Candidates() {
		for i := range vmas {
			if stub.Touches(base, vmas[i].Start, vmas[i].End) {
				continue next
			}
		}
		return base, nil
	}
	return 0, fmt.Errorf("the process uses all addresses kept for the supervisor")
}

// clockOffsets is how far the body's clocks must be ahead of this machine's.
func (g *Guest) clockOffsets(img *image.Image) (mono, boot int64) {
	ours, err := g.fam.FS.TimeOffsets(unix.Getpid())
	if err != nil {
		return 0, 0 // a kernel without time namespaces
	}
	if img.BootID != "" && img.BootID == g.fam.FS.BootID() { // nodes of one machine
		return img.MonotonicAhead - ours.Monotonic, img.BoottimeAhead - ours.Boottime
	}
	m, b := machineClocks()
	return img.Monotonic - m, img.Boottime - b
}

// machineClocks are the supervisor's own.
func machineClocks() (mono, boot int64) {
	var m, b unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &m)
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &b)
	return m.Nano(), b.Nano()
}

// readClocks reads the clocks of the session's bodies.
func (g *Guest) readClocks() (mono, boot int64) {
	m, b := machineClocks()
	return m + g.init.mono, b + g.init.boot
}

// placeVDSO gives the body a vDSO where the process has it at home: the program
// holds pointers into it. This kernel's own, if it is the same; else home's
// code, with jumps to this kernel's.
func (s *strand) placeVDSO(img *image.Image) error {
	have, _, err := tracee.Mappings(s.b.Family.FS, s.b.PID, s.b.Base, nil)
	if err != nil {
		return err
	}
	from, to := special(have), special(img.VMAs)
	if len(tracee.VDSO(to)) == 0 {
		return s.dropVDSO(from, to)
	}
	if len(from) == 0 {
		return nil // a kernel without one
	}
	local := make([]byte, 0)
	if v := tracee.VDSO(from); len(v) == 1 {
		local = make([]byte, v[0].Len())
		if err := s.b.Mem.Read(v[0].Start, local); err != nil {
			return err
		}
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
	s.b.vdso = tracee.VDSO(to)
	if !alike(from, to) || !bytes.Equal(local, img.VDSO) || s.b.g.daemon.Hello().ForeignVDSO {
		return s.proxyVDSO(img, local, from)
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

// dropVDSO takes its vDSO from the body of a process that has unmapped its own. Of the pages that
// belong to it the program may have left some, which nobody reads now: they are only told of.
func (s *strand) dropVDSO(from, left []image.VMA) error {
	for i := range from {
		if _, err := s.t.Must("unmap the vDSO", unix.SYS_MUNMAP, from[i].Start, from[i].Len()); err != nil {
			return err
		}
	}
	s.b.foreign = left
	return nil
}

// alike tells whether two kernels lay their pages out in the same way.
func alike(a, b []image.VMA) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Len() != b[i].Len() || a[i].Start-a[0].Start != b[i].Start-b[0].Start {
			return false
		}
	}
	return true
}

// proxyVDSO maps home's vDSO as code that leads to this kernel's, which stays
// in the supervisor's region.
func (s *strand) proxyVDSO(img *image.Image, local []byte, from []image.VMA) error {
	at, ours := s.b.vdso, tracee.VDSO(from)
	if len(at) != 1 || len(ours) != 1 || uint64(len(img.VDSO)) != at[0].Len() {
		return fmt.Errorf("home's vDSO has %d bytes in %d places", len(img.VDSO), len(at))
	}
	base := s.b.Base + transitOff + ours[0].Start - from[0].Start
	code, calls, err := vdso.Proxy(img.VDSO, local, base)
	if err != nil {
		return err
	}
	if _, err := s.t.Must("map home's vDSO", unix.SYS_MMAP, at[0].Start, at[0].Len(), unix.PROT_READ|unix.PROT_EXEC,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED_NOREPLACE, ^uint64(0), 0); err != nil {
		return err
	}
	for _, c := range calls {
		s.b.standIns = append(s.b.standIns, vdso.Call{Entry: at[0].Start + c.Entry, Behind: at[0].Start + c.Behind})
	}
	s.b.vdso = append(s.b.vdso, image.Range{Start: base, End: base + uint64(len(local))})
	s.b.foreign = special(img.VMAs)
	return s.b.Forced().Write(at[0].Start, code)
}

// beginAnew has a thread that is in a call of the stand-in for home's vDSO, which is made again, begin the function anew: where
// the process goes that code is another. It tells whether it was.
func (b *body) beginAnew(r *image.Regs) bool {
	for _, c := range b.standIns {
		if r.Rip == c.Behind || r.Rip == c.Behind-syscallLength {
			r.Rip, r.OrigRax = c.Entry, ^uint64(0)
			return true
		}
	}
	return false
}

// asAtHome puts the kernel's own pages into a list of mappings as home has
// them, in place of the stand-in: what the program has left of that.
func (b *body) asAtHome(vmas []image.VMA) []image.VMA {
	if len(b.foreign) == 0 {
		return vmas
	}
	var out []image.VMA
	var code image.VMA // home's
	for _, v := range b.foreign {
		if len(b.vdso) > 0 && v.Start == b.vdso[0].Start {
			code = v
			continue
		}
		out = append(out, v)
	}
	for _, v := range vmas {
		switch {
		case v.Kind == image.Special:
		case v.Start >= code.Start && v.End <= code.End:
			code.Range = v.Range
			out = append(out, code)
		default:
			out = append(out, v)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Start < out[j].Start })
	return out
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
func (s *strand) remap(img *image.Image, files []*source, stored []image.Range) error {
	have, mapped, err := s.b.Mappings(nil)
	if err != nil {
		return err
	}
	fds := map[*source]int{} // what the body has of them
	same := func(a, b uint32) bool { return int(b) < len(files) && isSource(mapped[a], files[b]) }
	open := func(i uint32) (int, error) {
		if int(i) >= len(files) {
			return -1, fmt.Errorf("no contents for file %s", img.Files[i].Path)
		}
		if fd, given := fds[files[i]]; given {
			return fd, nil
		}
		fd, err := s.b.g.give(s, files[i])
		if err == nil {
			fds[files[i]] = fd
		}
		return fd, err
	}
	s.b.SetAttributes(img.VMAs)
	defer func() { // a mapping needs none, and the body is to have nothing open
		for _, fd := range fds {
			_, _ = s.t.Call(unix.SYS_CLOSE, uint64(fd))
		}
	}()
	return s.t.ApplyKeeping(layout.Diff(have, img.VMAs, same), open, layout.Union(stored))
}

// isSource tells whether a mapping of the body shows this source.
func isSource(m image.FileID, s *source) bool {
	var st unix.Stat_t
	return unix.Fstat(int(s.file.Fd()), &st) == nil && m.Ino == st.Ino && m.Dev == st.Dev
}

const regionSize = stub.RegionSize

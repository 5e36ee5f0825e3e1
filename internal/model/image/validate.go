package image

import "fmt"

// addressEnd is the end of user space with four-level page tables; an image
// from another node must not name anything above it.
const addressEnd = 0x7fff_ffff_f000

const (
	maxThreads = 4096
	maxXState  = 64 << 10
	maxVDSO    = 64 << 10

	maxName = 8 << 10 // PATH_MAX, and what the kernel writes behind it

	maxCPUWords = 1 << 10 // of 64 CPUs each
	maxMicros   = 1 << 52 // 142 years: sums of such times do not overflow, in nanoseconds neither
)

// Validate checks what another node sent before anything is built from it.
func (img *Image) Validate() error {
	var end uint64
	for i := range img.VMAs {
		v := &img.VMAs[i]
		switch {
		case v.Start%PageSize != 0 || v.End%PageSize != 0 || v.Start >= v.End || v.End > addressEnd:
			return fmt.Errorf("image: mapping %d has the range %#x-%#x", i, v.Start, v.End)
		case v.Start < end:
			return fmt.Errorf("image: mapping %d at %#x overlaps the one before", i, v.Start)
		case v.Kind > Sole || v.Prot > 7 || v.Advice >= adviceEnd || v.Advice&Locks == LockedOnFault:
			return fmt.Errorf("image: mapping %d has kind %d, protection %d, advice %#x", i, v.Kind, v.Prot, v.Advice)
		case v.OfFile() && int(v.File) >= len(img.Files):
			return fmt.Errorf("image: mapping %d names file %d of %d", i, v.File, len(img.Files))
		case v.OfFile() && (v.Kind == Sole) != img.Files[v.File].Sole:
			return fmt.Errorf("image: mapping %d is of kind %d, which its file is not", i, v.Kind)
		case len(v.Name) > maxName:
			return fmt.Errorf("image: mapping %d has a name of %d bytes", i, len(v.Name))
		case v.Off%PageSize != 0:
			return fmt.Errorf("image: mapping %d has offset %#x", i, v.Off)
		}
		end = v.End
	}
	for i := range img.Files {
		if n := len(img.Files[i].Path); n > maxName {
			return fmt.Errorf("image: file %d has a path of %d bytes", i, n)
		}
		if f := &img.Files[i]; f.Sole && f.Size > MaxSoleSize {
			return fmt.Errorf("image: file %d of the process's own has %d bytes", i, f.Size)
		}
		if f := &img.Files[i]; f.Joint && (!f.Sole || len(f.Open) > 0 || f.Size == 0 || f.Size > MaxJoint || f.Size%PageSize != 0) {
			return fmt.Errorf("image: file %d of the family has %d bytes and %d descriptors", i, f.Size, len(f.Open))
		}
		if n := len(img.Files[i].Open); n > MaxOpen {
			return fmt.Errorf("image: file %d has %d descriptors", i, n)
		}
	}
	if len(img.Threads) > maxThreads {
		return fmt.Errorf("image: %d threads, at most %d", len(img.Threads), maxThreads)
	}
	if img.SystemMicros < 0 || img.SystemMicros > img.CPUMicros || img.CPUMicros > maxMicros || img.HomeMicros < 0 || img.HomeMicros > maxMicros {
		return fmt.Errorf("image: %d (%d of them in the kernel) and %d microseconds of CPU time", img.CPUMicros, img.SystemMicros, img.HomeMicros)
	}
	for i := range img.Threads {
		if t := &img.Threads[i]; len(t.CPUs) > maxCPUWords || t.SystemNanos < 0 || t.SystemNanos > t.CPUNanos || t.CPUNanos > maxMicros*1000 {
			return fmt.Errorf("image: thread %d has %d words of CPUs and used %d ns", i, len(t.CPUs), t.CPUNanos)
		}
		if t := &img.Threads[i]; t.TID <= 0 || len(t.XState) > maxXState {
			return fmt.Errorf("image: thread %d has id %d and %d bytes of vector state", i, t.TID, len(t.XState))
		}
	}
	if n := len(img.CPUTimers); n > MaxCPUTimers {
		return fmt.Errorf("image: %d timers on CPU time", n)
	}
	for _, t := range img.CPUTimers {
		if t.ID < 0 || t.Thread < 0 || t.Target < 0 || t.Way > ToNobody || t.Signal < 0 || t.Signal > 64 || t.Left < 0 || t.Interval < 0 {
			return fmt.Errorf("image: timer on CPU time %+v", t)
		}
	}
	if len(img.VDSO) > maxVDSO {
		return fmt.Errorf("image: vDSO of %d bytes", len(img.VDSO))
	}
	if n := img.LocksNew; n != 0 && n != LockNew && n != LockNew|LockNewOnFault {
		return fmt.Errorf("image: flags %#x for memory to be locked", n)
	}
	if img.PID <= 0 {
		return fmt.Errorf("image: process id %d", img.PID)
	}
	if err := ValidateRanges(img.Guards); err != nil {
		return fmt.Errorf("image: guards: %w", err)
	}
	return ValidateRanges(img.HomeDirty)
}

// ValidateRanges checks page ranges from another node.
func ValidateRanges(rs []Range) error {
	for i, r := range rs {
		if r.Start%PageSize != 0 || r.End%PageSize != 0 || r.Start > r.End || r.End > addressEnd {
			return fmt.Errorf("range %d is %#x-%#x", i, r.Start, r.End)
		}
	}
	return nil
}

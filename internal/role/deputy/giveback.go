package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// worthGivingBack is from how much memory on a process that leaves gives it back
// to home. Less is kept: then only what was written away has to come back.
const worthGivingBack = 16 << 20

// giveBack returns the memory of a process that runs elsewhere to this node,
// before its threads are deputies: a deputy may be in a call for hours. Its
// stack stays, where others read its arguments. On error it keeps what it has.
func (f *frozen) giveBack() {
	p := f.p
	present, err := p.PrivatePages(f.img.VMAs)
	if err != nil || layout.Bytes(present) < worthGivingBack {
		return
	}
	p.mu.Lock()
	p.emptied = true // some of it, should the rest fail
	p.mu.Unlock()
	var left []image.Range
	for i := range f.img.VMAs {
		if v := &f.img.VMAs[i]; v.Name != "[stack]" {
			left = append(left, v.Range)
		}
	}
	for _, r := range layout.Intersect(tracee.PrivateRanges(f.img.VMAs), left) {
		// Locked memory goes, too.
		if _, err := f.threads[0].Must("madvise", unix.SYS_MADVISE, r.Start, r.Len(), unix.MADV_DONTNEED_LOCKED); err != nil {
			p.s.log.Debug("memory is not given back", "pid", p.PID, "range", r, "error", err)
		}
	}
}

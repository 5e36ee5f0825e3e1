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

// giveBack returns the memory of a process that is whole elsewhere to this node,
// by a thread that is parked and not a deputy yet: a deputy may be in a call for
// hours. The stack stays, where others read the process's arguments. What cannot
// be given back is kept.
func (p *proc) giveBack(t *tracee.Thread, vmas []image.VMA) {
	present, err := p.PrivatePages(vmas)
	if err != nil || layout.Bytes(present) < worthGivingBack {
		return
	}
	p.mu.Lock()
	p.emptied = true // some of it, should the rest fail
	p.mu.Unlock()
	var stacks []image.Range
	for i := range vmas {
		if vmas[i].Name == "[stack]" {
			stacks = append(stacks, vmas[i].Range)
		}
	}
	for _, r := range layout.Subtract(tracee.PrivateRanges(vmas), stacks) {
		if _, err := t.Must("madvise", unix.SYS_MADVISE, r.Start, r.Len(), unix.MADV_DONTNEED); err != nil {
			p.s.log.Debug("memory is not given back", "pid", p.PID, "range", r, "error", err)
		}
	}
}

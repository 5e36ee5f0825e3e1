package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/process/tracee"
)

// captureBarriers is CaptureBarriers of a process that may be asked. A filter of its own may kill it for the call: then
// it is taken to be registered for what those who are registered mostly are.
func (f *frozen) captureBarriers(leader *tracee.Thread) error {
	if f.img.Filtered = !f.p.mayGive(); f.img.Filtered {
		f.img.Barriers = image.BarrierPrivate
		return nil
	}
	return leader.CaptureBarriers(f.img)
}

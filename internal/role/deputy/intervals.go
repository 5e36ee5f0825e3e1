package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
)

// startIntervals gives the deputy, before it executes a program, the interval timers on CPU time that the guest has:
// they go on over an execve(2). stop: it has failed, and they count at the guest still.
func (d *deputy) startIntervals(m *wire.ExecMsg) (stop func()) {
	none := image.Timer{}
	if m.Virtual == none && m.Prof == none {
		return func() {}
	}
	set := func(virtual, prof image.Timer) {
		if err := d.t.RestoreTimers(&image.Image{Virtual: virtual, Prof: prof}); err != nil {
			d.p.s.log.Warn("interval timers at an execve", "pid", d.p.PID, "error", err)
		}
	}
	set(m.Virtual, m.Prof)
	return func() { set(none, none) }
}

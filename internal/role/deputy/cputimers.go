package deputy

import (
	"openmosix/internal/process/tracee"
)

// stopTimers has the timers on CPU time stand still while the process is away, where others count, and takes
// their signals along. What a descriptor gives of those stays pending here, as a signal that is no
// timer's any more: the kernel would take it back.
func (f *frozen) stopTimers() error {
	p, img := f.p, f.img
	timers, taken, err := p.StopTimers(f.threads, img.CPUTimers, f.taken)
	img.CPUTimers, f.taken = timers, taken
	if err != nil {
		return err
	}
	if taken, err = p.StopIntervals(f.threads, img, taken); err != nil {
		f.taken = taken
		return err
	}
	f.still = true
	var travels, stays []tracee.Pending
	set := staying(img)
	for _, one := range tracee.MergeTimers(timers, taken) {
		if set>>(one.Signal()-1)&1 != 0 {
			stays = append(stays, one)
		} else {
			travels = append(travels, one)
		}
	}
	f.taken = travels
	return p.Requeue(f.threads, stays)
}

package guest

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// hasIntervals notes that the body may have interval timers on CPU time: its execve takes them home, its freeze along.
func (b *body) hasIntervals() {
	b.mu.Lock()
	b.intervals.Store(true)
	watch := !b.watchesTimers
	b.watchesTimers = true
	b.mu.Unlock()
	if watch {
		go b.watchTimers()
	}
}

// setitimer: the timers on CPU time count here, that of the clock at home.
func (s *strand) setitimer(p *pending) {
	switch int32(p.args[0]) {
	case unix.ITIMER_VIRTUAL, unix.ITIMER_PROF:
		s.b.hasIntervals()
		s.here(p)
	default:
		s.goHome(p)
	}
}

// readIntervals has a thread that is held in its call, which it is to make again, read the interval timers.
func (s *strand) readIntervals(h *tracee.Hold) (virtual, prof image.Timer, err error) {
	t := s.t
	saved, mask, slot, err := s.quieten(h)
	if err != nil {
		return virtual, prof, err
	}
	defer s.b.Slots.Free(slot)
	const size = 32
	for i, into := range []*image.Timer{&virtual, &prof} {
		if _, e := h.Inject(t, saved.Rip-syscallLength, unix.SYS_GETITIMER, uint64(unix.ITIMER_VIRTUAL+i), slot.WindowAddr()); e != nil {
			err = e
			break
		}
		*into = tracee.IntervalTimer(slot.Window()[:size])
	}
	saved.Rip, saved.Rax, saved.OrigRax = saved.Rip-syscallLength, saved.OrigRax, ^uint64(0)
	h.Do(func() {
		_ = ptrace.SetRegs(t.TID, saved)
		_ = ptrace.SetSigMask(t.TID, mask)
	})
	return virtual, prof, err
}

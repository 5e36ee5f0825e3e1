package tracee

import (
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// The interval timers on CPU time (setitimer(2): ITIMER_VIRTUAL, ITIMER_PROF) count where the process runs. The
// deputy's stand still while it is away: its calls use CPU time at home, too.

const intervalSignals = 1<<(unix.SIGVTALRM-1) | 1<<(unix.SIGPROF-1)

// StopIntervals disarms the interval timers on CPU time of a process whose threads are all parked, and notes in the
// image what is left of each. Their signals that are pending are added to taken, as those of StopTimers.
func (p *Process) StopIntervals(ts []*Thread, img *image.Image, taken []Pending) ([]Pending, error) {
	var err error
	if img.Virtual, err = ts[0].stopInterval(unix.ITIMER_VIRTUAL); err != nil {
		return taken, err
	}
	if img.Prof, err = ts[0].stopInterval(unix.ITIMER_PROF); err != nil {
		return taken, err
	}
	fired, err := p.TakePending(ts, intervalSignals)
	return append(taken, fired...), err
}

func (t *Thread) stopInterval(which int) (image.Timer, error) {
	const size = 32
	at := t.Put(0, make([]byte, 2*size))
	if _, err := t.Must("stop an interval timer", unix.SYS_SETITIMER, uint64(which), at, at+size); err != nil {
		return image.Timer{}, err
	}
	return IntervalTimer(t.Get(size, size)), nil
}

// IntervalTimer reads a struct itimerval of the kernel's.
func IntervalTimer(b []byte) image.Timer {
	micros := func(off int) int64 { return int64(le.Uint64(b[off:]))*1e6 + int64(le.Uint64(b[off+8:])) }
	return image.Timer{Interval: micros(0), Value: micros(16)}
}

// RestoreTimers sets the interval timers that count CPU time.
func (t *Thread) RestoreTimers(img *image.Image) error {
	if err := t.setTimer(unix.ITIMER_VIRTUAL, img.Virtual); err != nil {
		return err
	}
	return t.setTimer(unix.ITIMER_PROF, img.Prof)
}

func (t *Thread) setTimer(which int, v image.Timer) error {
	b := make([]byte, 32)
	put := func(off int, m int64) {
		le.PutUint64(b[off:], uint64(m/1e6))
		le.PutUint64(b[off+8:], uint64(m%1e6))
	}
	put(0, v.Interval)
	put(16, v.Value)
	_, err := t.Must("set an interval timer", unix.SYS_SETITIMER, uint64(which), t.Put(0, b), 0)
	return err
}

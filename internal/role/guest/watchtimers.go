package guest

import (
	"maps"
	"slices"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// How often it is looked whether a timer has gone off. The kernel looks once a tick.
const (
	timerLook = 10 * time.Millisecond
	timerRest = 80 * time.Millisecond // while no CPU time is used, and no signal is pending
)

// watchTimers wakes who waits in a call and may take a timer's signal: the kernel here raises that,
// and such a call notices nothing by itself. It ends with the last timer.
func (b *body) watchTimers() {
	var used int64
	pending := false
	for pause := timerLook; ; time.Sleep(pause) {
		b.mu.Lock()
		set := b.timerSignals()
		over := set == 0 || b.gone
		b.watchesTimers = !over
		b.mu.Unlock()
		if over {
			return
		}
		now := b.cpu()
		pause = min(2*pause, timerRest)
		if now != used || pending {
			pending = b.wakeFor(set)
			pause = timerLook
		}
		used = now
	}
}

// wakeFor wakes who may take one of these signals, and tells whether one is pending.
func (b *body) wakeFor(set uint64) (any bool) {
	for _, t := range b.Threads() {
		s, ok := t.Data().(*strand)
		if !ok {
			continue
		}
		st, err := b.Family.FS.ThreadStatus(b.PID, t.TID)
		if err != nil {
			continue
		}
		for sig := unix.Signal(1); sig <= 64; sig++ {
			if (st.SigPnd|st.ShdPnd)&set>>(sig-1)&1 != 0 {
				any = true
				s.wake(sig)
			}
		}
	}
	if any {
		b.raised.Add(1) // for calls that begin just now
	}
	return any
}

// timerSignals are those that the kernel here raises of the body's timers on CPU time. Precondition: b.mu is held.
func (b *body) timerSignals() (set uint64) {
	for _, one := range b.timers {
		if one.Signal > 0 {
			set |= 1 << (one.Signal - 1)
		}
	}
	if b.intervals.Load() {
		set |= 1<<(unix.SIGVTALRM-1) | 1<<(unix.SIGPROF-1)
	}
	return set
}

// stopTimers has the timers of a parked body stand still, and takes their signals along. What was listed
// of those may have become more since.
func (d *departure) stopTimers(img *image.Image) error {
	b := d.b
	early := len(d.early) // of the signals these come first
	b.mu.Lock()
	var timers []image.CPUTimer
	for _, id := range slices.Sorted(maps.Keys(b.timers)) {
		timers = append(timers, b.timers[id])
	}
	set := b.timerSignals()
	b.mu.Unlock()
	live, taken, err := b.StopTimers(d.threads, timers, nil)
	d.timers, img.CPUTimers = live, live
	if err == nil && b.intervals.Load() {
		taken, err = b.StopIntervals(d.threads, img, taken)
		d.intervals = [2]image.Timer{img.Virtual, img.Prof}
	}
	var all []tracee.Pending
	for _, one := range taken {
		real, direct, forwarded := undisguise(one.Info)
		if forwarded {
			b.homeTimers.takes(&real)
		}
		if forwarded && !direct {
			one.Own = 0
		}
		one.Info = real
		all = append(all, one)
	}
	listed := slices.DeleteFunc(d.signals[early:], func(s wire.PendingSignal) bool { return set>>(le.Uint32(s.Info)-1)&1 != 0 })
	d.signals = d.signals[:early+len(listed)]
	for _, one := range tracee.MergeTimers(live, all) {
		d.signals = append(d.signals, wire.PendingSignal{TID: one.Own, Info: append([]byte(nil), one.Info[:]...)})
		d.early = append(d.early, pendingSignal{own: one.Own, info: one.Info})
	}
	return err
}

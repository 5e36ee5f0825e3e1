package tracee

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// POSIX timers on CPU time (timer_create(2)) count where the process runs. At home each exists all the
// time: its number is home's, and so is what /proc/PID/timers shows; while the process is away it is not
// armed there. Where it runs a timer of the same number is made, so that what its signal says is true.

// CPUTimers lists the timers on CPU time of a process at home whose threads are all parked. What
// cannot move is an error.
func (p *Process) CPUTimers(ts []*Thread) ([]image.CPUTimer, error) {
	var all []image.CPUTimer
	own := ts[0].inner()
	for _, t := range p.Family.FS.Timers(p.PID) {
		clock, ok := cpuclock.Parse(t.Clock)
		if !ok {
			continue
		}
		if !clock.Timed(int(own)) || !cpuclock.Raised(t.Signal) {
			return nil, fmt.Errorf("timer %d counts another process's CPU time, or has a signal that may only come from home", t.ID)
		}
		one := image.CPUTimer{ID: int32(t.ID), Signal: int32(t.Signal), Value: t.Value}
		switch target := p.byTID(ts, t.Target); {
		case t.Silent, t.Direct && target == nil: // who was to be told has ended
			one.Way = image.ToNobody
		case t.Direct:
			one.Way, one.Target = image.ToThread, target.Own
		}
		overrun, err := ts[0].Call(unix.SYS_TIMER_GETOVERRUN, uint64(one.ID))
		if err != nil {
			return nil, err
		}
		one.Overrun = int32(max(0, overrun))
		if clock.Thread {
			one.Thread = clock.ID
		}
		if clock.Thread && clock.ID == 0 {
			one.Thread = unknownThread
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b image.CPUTimer) int { return cmp.Compare(a.ID, b.ID) }) // the latest come first
	if len(all) > image.MaxCPUTimers {
		return nil, fmt.Errorf("it has %d timers on CPU time", len(all))
	}
	return all, nil
}

// timesCPU tells whether there are any.
func (p *Process) timesCPU() bool {
	return slices.ContainsFunc(p.Family.FS.Timers(p.PID), func(t procfs.Timer) bool {
		_, counts := cpuclock.Parse(t.Clock)
		return counts
	})
}

// unknownThread stands for the one that has made the timer: nothing shows it.
const unknownThread = -1

func (p *Process) byTID(ts []*Thread, tid int) *Thread {
	for _, t := range ts {
		if t.TID == tid {
			return t
		}
	}
	return nil
}

// StopTimers disarms the timers of a process whose threads are all parked, and notes what is left of
// each. Those of threads that have ended are left out. taken are signals that were pending and have been
// taken before. What is pending of the timers' signals is added: a siginfo that still waits does not
// say how often its timer has gone off, and some kernels take it back when that is disarmed. With an
// error comes what has been disarmed and taken.
func (p *Process) StopTimers(ts []*Thread, timers []image.CPUTimer, taken []Pending) ([]image.CPUTimer, []Pending, error) {
	if len(timers) == 0 {
		return nil, taken, nil
	}
	var set uint64
	for i := range timers {
		if tells(&timers[i]) {
			set |= 1 << (timers[i].Signal - 1)
		}
	}
	for i := range timers {
		if err := p.goOff(ts, &timers[i]); err != nil {
			return nil, taken, err
		}
	}
	before, err := p.TakePending(ts, set)
	if err != nil {
		return nil, taken, err
	}
	taken = append(taken, before...)
	var live []image.CPUTimer
	fired := map[int32]bool{}
	for _, one := range timers {
		left, err := ts[0].timerLeft(one.ID)
		if err != nil {
			return live, taken, err
		}
		var ended bool
		if one.Left, one.Interval, ended, err = ts[0].disarmTimer(one.ID); err != nil {
			return live, taken, err
		}
		if !ended {
			live = append(live, one)
			fired[one.ID] = one.Left > left || left > 0 && one.Left == 0
		}
	}
	after, err := p.TakePending(ts, set)
	if err != nil {
		return live, taken, err
	}
	for i := range live {
		if one := &live[i]; fired[one.ID] && tells(one) && !slices.ContainsFunc(after, func(s Pending) bool { return s.isTimer() && s.timer() == one.ID }) {
			after = append(after, wentOff(one))
		}
	}
	return live, append(taken, after...), ts[0].whose(ts, live)
}

// goOff has a timer go off whose time has come. The kernel looks at timers in its ticks, if there is one while a
// thread whose time counts runs, and not before does it count how often that time has come.
func (p *Process) goOff(ts []*Thread, one *image.CPUTimer) error {
	t := ts[0]
	if one.Thread > 0 {
		if t = p.ThreadByOwn(one.Thread); t == nil {
			return nil
		}
	}
	for range mostSpins {
		left, err := t.timerLeft(one.ID)
		if err != nil || left != due || !tells(one) || one.Thread == unknownThread {
			return err
		}
		if _, err := t.Must("use CPU time", unix.SYS_GETRANDOM, t.Put(0, nil), spinBytes, 0); err != nil {
			return err
		}
	}
	return nil
}

const (
	due       = 1 // what is left, in the kernel's words, of a time that has come
	mostSpins = 1000
	spinBytes = stub.WindowSize
)

// StartTimers arms a process's timers for what was left of them.
func (t *Thread) StartTimers(timers []image.CPUTimer) error {
	for i := range timers {
		one := &timers[i]
		if one.Left == 0 {
			continue
		}
		if err := t.setCPUTimer(one.ID, 0, one.Left, one.Interval); err != nil && !errors.Is(err, unix.ESRCH) {
			return err // its thread may have ended away
		}
	}
	return nil
}

// timerLeft is what is left of a timer.
func (t *Thread) timerLeft(id int32) (int64, error) {
	const valueAt, size = 16, 32
	_, err := t.Must("read a timer", unix.SYS_TIMER_GETTIME, uint64(id), t.Put(0, nil))
	return nanos(t.Get(0, size)[valueAt:]), err
}

// disarmTimer disarms a timer and tells what was left. ended: the thread whose time it counts has.
func (t *Thread) disarmTimer(id int32) (left, interval int64, ended bool, err error) {
	const old = 32
	at := t.Put(0, make([]byte, 2*old))
	ret, err := t.Call(unix.SYS_TIMER_SETTIME, uint64(id), 0, at, at+old)
	if err == nil && ret == -int64(unix.ESRCH) {
		return 0, 0, true, nil
	}
	if err == nil && ret < 0 {
		err = fmt.Errorf("disarm timer %d: %w", id, unix.Errno(-ret))
	}
	b := t.Get(old, old)
	return nanos(b[16:]), nanos(b), false, err
}

func (t *Thread) setCPUTimer(id int32, flags uint64, value, interval int64) error {
	b := make([]byte, 32)
	putNanos(b, interval)
	putNanos(b[16:], value)
	_, err := t.Must(fmt.Sprintf("set timer %d", id), unix.SYS_TIMER_SETTIME, uint64(id), flags, t.Put(0, b), 0)
	return err
}

// nanos reads a struct timespec of the kernel's, and putNanos writes one.
func nanos(b []byte) int64 { return int64(le.Uint64(b))*1e9 + int64(le.Uint64(b[8:])) }

func putNanos(b []byte, n int64) {
	le.PutUint64(b, uint64(n/1e9))
	le.PutUint64(b[8:], uint64(n%1e9))
}

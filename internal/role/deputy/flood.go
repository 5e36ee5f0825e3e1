package deputy

import (
	"time"

	"openmosix/internal/linux/ptrace"

	"golang.org/x/sys/unix"
)

// A deputy holds no signal back. A timer of a microsecond has gone off again before its thread has come from the stop of the
// one before to its next instruction, and so has who sends without pause from another CPU: the thread would go from stop
// to stop, and never make the call that it is to make. So a thread that does nothing between many of them blocks
// that signal for a moment. It is pending meanwhile as in a program that is slow to take it, and a timer counts its overruns.

const (
	// floodOf so many signals without a call in between, within floodWithin, is a flood. A tracer that does nothing
	// else takes several times as many.
	floodOf     = 16
	floodWithin = 5 * time.Millisecond
	// shortPause is for how long the signal is blocked then: enough for most calls. It is twice as long each time that a
	// flood goes on behind it, up to longPause, as the guest's side has work with each signal as well.
	shortPause = time.Millisecond
	longPause  = 8 * time.Millisecond
)

// flood is what a deputy's thread meets of signals. The tracing thread's own.
type flood struct {
	call  uint64    // its last call when the first of these came
	since time.Time // when that was
	met   int
	pause time.Duration
	last  time.Time // when there was a flood
	set   uint64    // the mask that it was given to be left alone, 0: none
	holds uint64    // what that holds back
}

// floods tells whether one more signal makes a flood.
func (f *flood) floods(call uint64, now time.Time) bool {
	if call != f.call || now.Sub(f.since) > floodWithin {
		f.call, f.since, f.met = call, now, 0
	}
	f.met++
	return f.met >= floodOf
}

// lasts chooses the pause.
func (f *flood) lasts(now time.Time) {
	if f.pause == 0 || now.Sub(f.last) > f.pause+2*floodWithin {
		f.pause = shortPause
	} else {
		f.pause = min(2*f.pause, longPause)
	}
	f.last = now
}

// meets has a thread that meets nothing but signals left alone for a moment. Tracing thread; the thread stands for sig.
func (d *deputy) meets(sig int) {
	slot := d.t.Slot
	if slot == nil || !d.flood.floods(slot.CallSequence(), time.Now()) {
		return
	}
	bit := uint64(1) << (sig - 1)
	d.p.mu.Lock()
	kept := d.p.kept
	d.p.mu.Unlock()
	if (neverHeld|kept)&bit != 0 { // what is kept is blocked as the program says
		return
	}
	mask, err := ptrace.SigMask(d.t.TID)
	if err != nil || ptrace.SetSigMask(d.t.TID, mask|bit) != nil {
		return // it is going
	}
	if d.flood.set == 0 {
		d.flood.lasts(time.Now())
		d.leaveFlood()
	} else if mask == d.flood.set {
		bit |= d.flood.holds
	}
	d.flood.set, d.flood.holds, d.flood.met = mask|bit, bit, 0
}

// neverHeld are the signals of faults, which kill whoever blocks them, those of job control, whose order counts, and what
// cannot be blocked.
var neverHeld = bits(unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGTRAP, unix.SIGSYS,
	unix.SIGCONT, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGSTOP, unix.SIGKILL)

func bits(all ...unix.Signal) (set uint64) {
	for _, sig := range all {
		set |= 1 << (sig - 1)
	}
	return set
}

// leaveFlood has the thread take what it holds back, in a moment.
func (d *deputy) leaveFlood() {
	loop := d.p.s.fam.Loop
	time.AfterFunc(d.flood.pause, func() { loop.Post(d.endFlood) })
}

// endFlood stops the thread, so that its mask can be set. In the middle of a call that would be seen, as a signal is, so there
// it waits until there is one.
func (d *deputy) endFlood() {
	select {
	case <-d.quit:
		return
	default:
	}
	if d.flood.set == 0 || !d.t.Alive() {
		return
	}
	if slot := d.t.Slot; slot != nil && slot.Outstanding() && !d.waitsFor(d.flood.holds) {
		d.leaveFlood()
		return
	}
	_ = d.t.InterruptInRoom()
}

// waitsFor tells whether one of these signals is pending for the thread.
func (d *deputy) waitsFor(set uint64) bool {
	st, err := d.p.Family.FS.ThreadStatus(d.p.PID, d.t.TID)
	return err == nil && (st.SigPnd|st.ShdPnd)&set != 0
}

// takesFlood lets a thread that stands take its signals again. True: one of them comes next, and ends its call. Tracing thread.
func (d *deputy) takesFlood() bool {
	f := &d.flood
	set, holds := f.set, f.holds
	f.set, f.holds = 0, 0
	mask, err := ptrace.SigMask(d.t.TID)
	if set == 0 || err != nil || mask != set { // it has been given another one since
		return false
	}
	return ptrace.SetSigMask(d.t.TID, mask&^holds) == nil && d.waitsFor(holds)
}

// interrupted: a thread stands because it was told to. Tracing thread.
func (d *deputy) interrupted() {
	if !d.takesFlood() || d.breaks() {
		d.settle()
	}
	d.p.s.notStopped(d.p)
}

// breaks tells whether somebody wants the call broken off in any case.
func (d *deputy) breaks() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.serial != 0 && (d.cancel == d.serial || d.over == d.serial)
}

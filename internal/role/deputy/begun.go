package deputy

import (
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// noteWaits notes since when threads at home, which are about to be stopped, have been in waits for a relative time.
func (p *proc) noteWaits(ts ...*tracee.Thread) {
	p.NoteStays(func(nr int, args [6]uint64) bool { return p.lasts(nr, args) > 0 }, ts...)
}

// lasts is how long a thread waits in a call at most that begins anew when it is made again; 0: it does not, or for ever.
func (p *proc) lasts(nr int, args [6]uint64) time.Duration {
	if nr == unix.SYS_NANOSLEEP || nr == unix.SYS_CLOCK_NANOSLEEP {
		return 0 // leftToSleep
	}
	if i, ok := syscalls.MillisecondTimeout(nr); ok {
		return max(0, time.Duration(int32(args[i]))*time.Millisecond)
	}
	if i, ok := syscalls.TimespecTimeout(nr, args); ok {
		var b [16]byte
		if p.Mem.Read(args[i], b[:]) != nil {
			return 0
		}
		d, _ := syscalls.Timespec(b[:])
		return d
	}
	return p.socketTime(nr, args[0])
}

// endOf is when the wait ends in which a thread was stopped; zero: that is not known. Precondition: it has done nothing
// since.
func (p *proc) endOf(t *tracee.Thread, r *image.Regs) time.Time {
	since := t.InCallSince(r)
	if since.IsZero() {
		return since
	}
	return since.Add(p.lasts(int(r.OrigRax), [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}))
}

// endWaits is endOf for all threads, as they were saved.
func (f *frozen) endWaits() {
	f.ends = make([]time.Time, len(f.threads))
	for i, t := range f.threads {
		f.ends[i] = f.p.endOf(t, &f.saved[i].Regs)
	}
}

// leftToWait has threads that were in a wait go on with it away for the rest of its time.
func (f *frozen) leftToWait() {
	for i := range f.img.Threads {
		t := &f.img.Threads[i]
		nr, again := int(t.Regs.OrigRax), int64(t.Regs.Rax) == restartNoIntr
		poll := nr == unix.SYS_POLL && int64(t.Regs.Rax) == restartBlock
		switch receives, sends := syscalls.TimedBySocket(nr); {
		case f.ends[i].IsZero() || !again && !poll:
			continue
		case receives || sends:
			t.Pending = image.Pending{Nr: nr, Again: true}
			continue
		case poll:
			t.Regs.Rax = minus(noHand)
		}
		t.Pending = image.Pending{Nr: nr, Remaining: int64(max(0, f.ends[i].Sub(f.read)))}
	}
}

// rememberWaits tells the deputies when waits end of which only they know how long they last.
func (f *frozen) rememberWaits() {
	for i := range f.img.Threads {
		t := &f.img.Threads[i]
		if d := f.p.s.deputyByOwn(t.TID); d != nil && t.Pending.Again {
			d.timed = timedWait{nr: t.Pending.Nr, fd: t.Regs.Rdi, until: f.ends[i]}
		}
	}
}

// waitOn: the process stays after all, before anything but the masks of its threads was changed.
func (f *frozen) waitOn() {
	f.p.beginAll(f.h, f.p.waitOn(f.h, nil, nil), func(t *tracee.Thread) {
		f.p.s.keepTraced([]*tracee.Thread{t})
		_ = t.GoOn(0)
	})
}

// stayAtWaits: the process stays after all, and so do its threads in their waits.
func (f *frozen) stayAtWaits() {
	for i := range f.saved { // repeatBroken may not have got to them
		if r := &f.saved[i].Regs; brokenWait(r) != nil {
			r.Rax = minus(noHand)
		}
	}
	for i := range f.ends {
		if r := &f.saved[i].Regs; !f.ends[i].IsZero() && (int64(r.Rax) == restartNoIntr || int64(r.Rax) == noHand) {
			f.p.shorten(r, max(0, time.Until(f.ends[i])))
		}
	}
}

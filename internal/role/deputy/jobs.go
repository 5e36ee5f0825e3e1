package deputy

import (
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// stopping: a thread is about to take a signal that stops its process. From now on
// no call is made for it, since its parent may see the stop as soon as this
// thread goes on. Whether the process does stop is told by the thread's next
// report (a SIGCONT may come first, and an orphaned group does not stop at its
// terminal's word). Tracing thread; the thread stands.
func (s *Supervisor) stopping(p *proc, t *tracee.Thread) {
	p.noteStop()
	_ = ptrace.Interrupt(t.TID)
}

// noteStop notes a word of a stop, the first of which the guest is told.
func (p *proc) noteStop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, first := p.link, !p.stopped
	p.stopped = l != nil
	p.stopWords++
	if l != nil && first {
		_ = p.tellGuestLocked(l, wire.Stop, p.Own)
	}
}

// stopped: a thread takes part in a job-control stop. At home it stays there.
// A deputy has told its parent by that alone; it goes on, because its call must
// be broken off for the guest to stop, and because it may have to move.
func (s *Supervisor) stopped(p *proc, t *tracee.Thread, d *deputy) {
	p.noteStop()
	if p.away() == nil || d == nil {
		_ = ptrace.Listen(t.TID)
		return
	}
	d.mu.Lock()
	d.firm = d.firm && !d.ends // the end of a stopped process comes when it goes on
	d.mu.Unlock()
	d.settle()
	_ = t.GoOn(0)
}

// contGrace is how long the signal that ended a stop may take to be reported.
const contGrace = 50 * time.Millisecond

// notStopped: a thread's stop was none of job control's, so the process is not
// stopped now. The SIGCONT goes to the guest like any signal; when a thread's
// part in the stop was reported only after it, nothing else tells the guest. Each
// thread that has reported a stop reports its end as well, so the last word
// counts: this one does not if a word of a stop comes after it.
func (s *Supervisor) notStopped(p *proc) {
	p.mu.Lock()
	was, words := p.stopped, p.stopWords
	p.mu.Unlock()
	if !was {
		return
	}
	time.AfterFunc(contGrace, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.stopped || p.stopWords != words {
			return
		}
		p.stopped = false
		if p.link != nil {
			_ = p.tellGuestLocked(p.link, wire.Cont, p.Own)
		}
	})
}

// awaitCont keeps a call from being made for a process that is stopped. False:
// the call has been cancelled.
func (d *deputy) awaitCont(serial uint64) bool {
	for {
		d.p.mu.Lock()
		stopped := d.p.stopped
		d.p.mu.Unlock()
		if !stopped {
			return true
		}
		d.mu.Lock()
		cancelled := d.cancel == serial
		d.mu.Unlock()
		if cancelled {
			return false
		}
		d.relieve()
		select {
		case <-d.quit:
			return false
		case <-time.After(stopPoll):
		}
	}
}

// post gives the thread its guest's call, unless the process has been stopped
// since awaitCont: what is posted before that the thread makes, or reports as
// not begun, before it takes part in the stop.
func (d *deputy) post(slot *stub.Slot, nr int, args [6]uint64) bool {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	if d.p.stopped {
		return false
	}
	slot.Post(nr, args)
	return true
}

// stopPoll is how soon a stopped process's calls notice that it goes on.
const stopPoll = time.Millisecond

// stopsAtHome are the signals that stop a process with these actions. They act
// at home, where the process group is: they do not travel.
func stopsAtHome(actions *[65]image.Action) uint64 {
	var set uint64
	for _, sig := range []unix.Signal{unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU} {
		if actions[sig].Handler == 0 {
			set |= 1 << (sig - 1)
		}
	}
	return set
}

// stopped tells whether the process travels in a job-control stop. A SIGCONT
// that is pending has ended it already.
func (f *frozen) stopped() bool {
	for i := range f.taken {
		if int(le.Uint32(f.taken[i].Info[:])) == int(unix.SIGCONT) {
			return false
		}
	}
	return f.h.Stopped()
}

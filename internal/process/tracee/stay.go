package tracee

import (
	"strings"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"
	"openmosix/internal/process/taskclock"

	"golang.org/x/sys/unix"
)

// A wait for a relative time that is broken off and made again would last for all of its time again, and for most of
// them the kernel does not tell when they began. But it tells when a thread that sleeps fell asleep, and how often
// it has, so that it can be told whether it was in one call all the time until it was stopped. What is told is never too
// early: a wait is too long rather than too short, by what the thread slept before it was woken for nothing.

// stay is a call in which a thread has been for a while; since is zero: none is known.
type stay struct {
	call   procfs.Call
	sleeps uint64 // of the thread, when it was seen there
	since  time.Time
}

// NoteStays notes since when threads that are about to be stopped have been in calls for whose time it matters. The
// threads run; it takes a while. Precondition: nobody else stops them.
func (p *Process) NoteStays(matters func(nr int, args [6]uint64) bool, ts ...*Thread) {
	clocks := map[int]taskclock.Reading{}
	var busy []*Thread
	for _, t := range ts {
		was := t.stay
		t.stay = stay{}
		c, err := p.Family.FS.Call(p.PID, t.TID)
		if t.looks = len(ts) <= mostLooks; err != nil {
			busy = append(busy, t)
			continue
		}
		t.lookForRoom(c.Nr, c.Args)
		kept := was.call == c || t.resumes(&c, &was)
		if !matters(c.Nr, c.Args) {
			continue
		}
		s, err := p.Family.FS.Sched(p.PID, t.TID)
		if err != nil {
			continue
		}
		if kept && s.Sleeps == was.sleeps+1 {
			t.stay = stay{c, s.Sleeps, was.since}
			continue
		}
		if since, ok := p.asleep(t, s, clocks); ok {
			t.stay = stay{c, s.Sleeps, since}
		}
	}
	lookAgainForRoom(busy)
}

// resumes names the call that a thread goes on with by restart_syscall, and tells whether it is the one in which it
// was before. A call that this supervisor has not seen is known by where the kernel waits.
func (t *Thread) resumes(c *procfs.Call, was *stay) bool {
	if c.Nr != unix.SYS_RESTART_SYSCALL {
		return false
	}
	c.Nr = was.call.Nr
	if *c == was.call {
		return true
	}
	c.Nr = unix.SYS_RESTART_SYSCALL
	if strings.Contains(t.Proc.Family.FS.WaitsIn(t.Proc.PID, t.TID), "poll") {
		c.Nr = unix.SYS_POLL // ppoll and select are made again as they are
		t.slept = image.Regs{OrigRax: unix.SYS_POLL, Rip: c.IP, Rsp: c.SP, Rdi: c.Args[0], Rsi: c.Args[1], Rdx: c.Args[2], R10: c.Args[3]}
	}
	return false
}

// asleep tells since when a thread sleeps.
func (p *Process) asleep(t *Thread, s procfs.Sched, clocks map[int]taskclock.Reading) (time.Time, bool) {
	st, err := p.Family.FS.ThreadStat(p.PID, t.TID)
	if err != nil {
		return time.Time{}, false
	}
	clock, known := clocks[st.Processor]
	if !known {
		if clock, err = taskclock.Read(st.Processor); err != nil {
			return time.Time{}, false
		}
		clocks[st.Processor] = clock
	}
	return clock.Since(s.Began), true
}

// InCallSince tells since when a thread that has been stopped has been in the call in which its registers show it; zero:
// that is not known. It has been there all the time if it has not slept since it was seen there but in this stop.
func (t *Thread) InCallSince(r *image.Regs) time.Time {
	c := &t.stay.call
	if t.stay.since.IsZero() || int(r.OrigRax) != c.Nr || c.Args != [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9} || c.SP != r.Rsp {
		return time.Time{}
	}
	s, err := t.Proc.Family.FS.Sched(t.Proc.PID, t.TID)
	if err != nil || s.Sleeps != t.stay.sleeps+1 {
		t.stay = stay{}
	}
	return t.stay.since
}

// keepStay: the thread goes on from a stop, with the call in which it was.
func (t *Thread) keepStay() {
	s, err := t.Proc.Family.FS.Sched(t.Proc.PID, t.TID)
	if t.stay.sleeps = s.Sleeps; err != nil {
		t.stay = stay{}
	}
}

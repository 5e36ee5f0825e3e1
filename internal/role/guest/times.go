package guest

import (
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// rest is what is left of a wait for a relative time that is to be made again.
// Between two nodes it travels as image.Pending.
type rest struct {
	nr    int
	until time.Time // zero: nothing is to be made again, or only its deputy knows ...
	again bool      // ... when it ends
}

// pending is the rest as it travels, as it was when the image's clocks were read.
func (r rest) pending(read time.Time) image.Pending {
	switch {
	case r.again:
		return image.Pending{Nr: r.nr, Again: true}
	case r.until.IsZero():
		return image.Pending{Nr: -1}
	}
	return image.Pending{Nr: r.nr, Remaining: max(0, int64(r.until.Sub(read)))}
}

// restOf is the rest of a wait that was frozen a while ago.
func restOf(p image.Pending, ago time.Duration) rest {
	switch {
	case p.Again:
		return rest{nr: p.Nr, again: true}
	case p.Nr < 0 || p.Remaining <= 0 && p.Nr == 0:
		return rest{}
	}
	return rest{nr: p.Nr, until: time.Now().Add(time.Duration(p.Remaining) - ago)}
}

// sleeps tells of the calls that go on through restart_syscall and whose time
// can also be given anew.
func sleeps(nr int) bool {
	return nr == unix.SYS_POLL || nr == unix.SYS_NANOSLEEP || nr == unix.SYS_CLOCK_NANOSLEEP
}

// shorten notes when a wait for a relative time ends. One that is made again
// after a move lasts only for the rest of its time.
func (s *strand) shorten(p *pending) {
	s.mu.Lock()
	r := s.rest
	s.rest = rest{}
	s.mu.Unlock()
	if r.nr == p.nr && r.again {
		p.again = true
		return
	}
	if r.nr == p.nr && !r.until.IsZero() {
		p.until = r.until
		p.lastUntil()
		return
	}
	if i, ok := syscalls.MillisecondTimeout(p.nr); ok && int32(p.args[i]) >= 0 {
		p.until = p.begun.Add(time.Duration(int32(p.args[i])) * time.Millisecond)
	}
	if i, ok := syscalls.TimespecTimeout(p.nr, p.args); ok {
		if d, ok := syscalls.Timespec(segment(p.call, i)); ok {
			p.until = p.begun.Add(d)
		}
	}
}

// lastUntil gives the call the time that is left now.
func (p *pending) lastUntil() {
	left := max(0, time.Until(p.until))
	if i, ok := syscalls.MillisecondTimeout(p.nr); ok {
		p.call.Args[i] = uint64((left + time.Millisecond - 1) / time.Millisecond)
		p.args[i] = p.call.Args[i]
	}
	if i, ok := syscalls.TimespecTimeout(p.nr, p.args); ok {
		if b := segment(p.call, i); len(b) >= 16 {
			le.PutUint64(b, uint64(left/time.Second))
			le.PutUint64(b[8:], uint64(left%time.Second))
		}
	}
}

// segment is what a call brings along for one of its arguments.
func segment(c *syscalls.Call, arg int) []byte {
	for i := range c.Segs {
		if int(c.Segs[i].Arg) == arg {
			return c.Segs[i].In
		}
	}
	return nil
}

// left is what remains of a call's relative time, if it has any.
func (p *pending) left() rest {
	receives, sends := syscalls.TimedBySocket(p.nr)
	return rest{p.nr, p.until, receives || sends}
}

// handled forgets what was left of a wait that a handler is about to end: the
// program's next one has its own time.
func (s *strand) handled(sig int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rest == (rest{}) && s.restart == 0 {
		return
	}
	if st, err := s.b.Family.FS.Status(s.b.PID); err == nil && st.SigCgt>>(sig-1)&1 != 0 {
		s.rest = rest{}
		s.forgetRestart()
	}
}

// forgetRestart: what restart_syscall goes on with next is not the deputy's but a
// wait that this kernel remembers. Precondition: s.mu is held.
func (s *strand) forgetRestart() { s.restart, s.restartUntil = 0, time.Time{} }

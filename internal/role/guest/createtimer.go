package guest

import (
	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// createTimer makes a timer at home, which gives it its number, and here as well if it counts CPU time.
func (s *strand) createTimer(p *pending) {
	clock, counts := cpuclock.Parse(int32(p.args[0]))
	if !counts {
		s.goHome(p)
		return
	}
	one, ok := s.asked(p, clock)
	switch {
	case s.noTimer.Swap(false):
		s.comeHome(p, "the kernel here cannot make it such a timer")
		return
	case !ok:
		s.comeHome(p, "it makes a timer on another process's CPU time, or one whose signal may only come from home")
		return
	}
	s.askHome(p, func(r result) {
		if r.ret != 0 || len(r.outs) != 1 || len(r.outs[0]) < 4 {
			s.finish(p, p.call.Scatter(r.ret, r.outs, s.b.memory()))
			return
		}
		one.ID = int32(le.Uint32(r.outs[0]))
		if p.args[1] == 0 {
			one.Value = uint64(one.ID)
		}
		s.inBody(p, func(t *tracedThread) (int64, error) {
			if _, err := t.MakeTimer(&one); err != nil {
				s.b.g.log.Warn("timer not made here", "process", s.b.Own, "error", err)
				s.takeTimerBack(one.ID)
				return -noIntr, nil
			}
			s.b.hasTimer(one)
			return p.call.Scatter(r.ret, r.outs, s.b.memory()), nil
		})
	})
}

// asked is the timer that the program wants. False: it can only be at home.
func (s *strand) asked(p *pending, clock cpuclock.Clock) (one image.CPUTimer, ok bool) {
	const (
		signalAt, notifyAt, tidAt = 8, 12, 16
		none, threadID            = 1, 4
	)
	one = image.CPUTimer{Signal: int32(unix.SIGALRM)}
	var event [20]byte
	if p.args[1] != 0 && s.b.memory().Read(p.args[1], event[:]) == nil {
		one.Signal, one.Value = int32(le.Uint32(event[signalAt:])), le.Uint64(event[:])
		switch le.Uint32(event[notifyAt:]) {
		case none:
			one.Way, one.Signal = image.ToNobody, 0
		case threadID:
			one.Way, one.Target = image.ToThread, int(int32(le.Uint32(event[tidAt:])))
		}
	}
	if clock.Thread {
		if one.Thread = clock.ID; one.Thread == 0 {
			one.Thread = s.t.Own
		}
	}
	return one, clock.Timed(s.b.Own) && cpuclock.Raised(int(one.Signal))
}

// takeTimerBack deletes a timer at home that cannot be made here. The thread, which is parked, makes its
// call again, at home.
func (s *strand) takeTimerBack(id int32) {
	q := &pending{s: s, nr: unix.SYS_TIMER_DELETE, row: syscalls.Lookup(unix.SYS_TIMER_DELETE), serial: s.b.g.serial.Add(1)}
	c := syscalls.Call{Nr: q.nr, Args: [6]uint64{uint64(uint32(id))}}
	s.making(q)
	s.ask(q, wire.Call, c.Append(s.callHead(q)))
	s.making(nil)
	s.noTimer.Store(true)
}

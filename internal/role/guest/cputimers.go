package guest

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// POSIX timers on CPU time count here, in the body's own kernel, each under the number it has at home. What
// the program asks of one is answered here; home makes and deletes its own, which is never armed while
// the process is away.

// makeTimers makes and arms the timers of an arriving body that count CPU time. What they raise from
// then on is younger than what has been made pending before.
func (b *body) makeTimers(t *tracedThread, img *image.Image) error {
	var live []image.CPUTimer
	for _, one := range img.CPUTimers {
		ended, err := t.MakeTimer(&one)
		if err != nil {
			return err
		}
		if !ended {
			b.hasTimer(one)
			live = append(live, one)
		}
	}
	if img.Virtual != (image.Timer{}) || img.Prof != (image.Timer{}) {
		b.hasIntervals()
		if err := t.RestoreTimers(img); err != nil {
			return err
		}
	}
	return t.StartTimers(live)
}

func (b *body) hasTimer(one image.CPUTimer) {
	b.mu.Lock()
	if b.timers == nil {
		b.timers = map[int32]image.CPUTimer{}
	}
	b.timers[one.ID] = one
	watch := !b.watchesTimers
	b.watchesTimers = true
	b.mu.Unlock()
	if watch {
		go b.watchTimers()
	}
}

// timer is one that counts here.
func (b *body) timer(id int32) (image.CPUTimer, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	one, ok := b.timers[id]
	return one, ok
}

// ofThread tells whether a siginfo that the kernel here has made is a timer's that signals one thread.
func (b *body) ofThread(info *ptrace.SigInfo) bool {
	id, is := timerOf(info)
	if !is {
		return false
	}
	one, ok := b.timer(id)
	return ok && one.Way == image.ToThread
}

// overran notes how often a timer has gone off besides, as the signal says that a thread takes.
func (b *body) overran(id, times int32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one, ok := b.timers[id]; ok {
		one.Overrun = times
		b.timers[id] = one
	}
}

// overrunOf notes it from a siginfo, if that is a timer's: sigaction(2).
func (b *body) overrunOf(info *ptrace.SigInfo) {
	if id, is := timerOf(info); is {
		b.overran(id, overruns(info))
	}
}

// timer: what is asked of a timer that counts here is answered here.
func (s *strand) timer(p *pending) {
	one, ok := s.b.timer(int32(p.args[0]))
	switch {
	case !ok:
		s.homeTimer(p)
	case p.nr == unix.SYS_TIMER_GETOVERRUN: // the kernel here knows of its own signals only
		s.b.answer(p.id, int64(one.Overrun))
	case p.nr == unix.SYS_TIMER_SETTIME:
		s.b.overran(one.ID, 0)
		s.setTimer(p, one)
	case p.nr == unix.SYS_TIMER_DELETE:
		s.deleteTimer(p, one)
	default:
		s.here(p)
	}
}

// homeTimer: what is asked of a timer at home, of whose overruns this side knows.
func (s *strand) homeTimer(p *pending) {
	id := int32(p.args[0])
	switch p.nr {
	case unix.SYS_TIMER_GETOVERRUN:
		if times, known := s.b.homeTimers.overrun(id); known {
			s.b.answer(p.id, int64(times))
			return
		}
	case unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE:
		s.b.homeTimers.set(id)
	}
	s.goHome(p)
}

// setTimer arms a timer. A point in time is one of the program's clock, which counts what was used
// elsewhere as well.
func (s *strand) setTimer(p *pending, one image.CPUTimer) {
	const absolute, valueAt, size = 1, 16, 32
	var to [size]byte
	if p.args[1]&absolute == 0 || s.b.memory().Read(p.args[2], to[:]) != nil {
		s.here(p)
		return
	}
	at, valid := syscalls.Timespec(to[valueAt:])
	if !valid || at == 0 {
		s.here(p)
		return
	}
	clock := cpuclock.Clock{ID: one.Thread, Thread: one.Thread != 0}
	p.call = &syscalls.Call{Nr: unix.SYS_CLOCK_GETTIME, Args: [6]uint64{uint64(uint32(clock.Number()))},
		Segs: []syscalls.Segment{{Arg: 1, Size: 16, Out: true, Back: syscalls.BackWhole}}}
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		r := s.ask(p, wire.Call, p.call.Append(s.callHead(p)))
		s.asksNoMore(p)
		away := s.usedAway(clock)
		if r.ret != 0 || len(r.outs) != 1 || len(r.outs[0]) < 16 || away == nil { // it has ended, or the call is broken off
			s.finish(p, orAgain(r.ret))
			return
		}
		now := int64(le.Uint64(r.outs[0]))*1e9 + int64(le.Uint64(r.outs[0][8:])) + away()
		left := max(1, int64(at)-now)
		le.PutUint64(to[valueAt:], uint64(left/1e9))
		le.PutUint64(to[valueAt+8:], uint64(left%1e9))
		s.inBody(p, func(t *tracedThread) (int64, error) {
			return t.Call(unix.SYS_TIMER_SETTIME, uint64(one.ID), 0, t.Put(0, to[:]), p.args[3])
		})
	}()
}

// orAgain is a result that is an error, or that has the call made again.
func orAgain(ret int64) int64 {
	if ret >= 0 {
		return -noIntr
	}
	return ret
}

func (s *strand) deleteTimer(p *pending, one image.CPUTimer) {
	s.askHome(p, func(r result) {
		if r.ret != 0 {
			s.finish(p, r.ret)
			return
		}
		s.b.mu.Lock()
		delete(s.b.timers, one.ID)
		s.b.mu.Unlock()
		s.unenter(p)
		s.b.proceed(p.id)
	})
}

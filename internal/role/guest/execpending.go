package guest

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
)

// collected is what was pending in a body when it had seen so many signals from home, and what its interval timers were.
type collected struct {
	seen    uint64
	set     uint64 // all of them are blocked
	signals []wire.PendingSignal

	timed         bool // the timers are known
	virtual, prof image.Timer
}

// pendingNow adds to an execve what is pending here, which the new program is to
// find pending at home, and what the interval timers are. False: the thread must be stopped to see it, and makes
// its call again.
func (s *strand) pendingNow(m *wire.ExecMsg) bool {
	b := s.b
	b.mu.Lock()
	defer b.mu.Unlock()
	have := s.collected
	s.collected = collected{}
	st, err := b.Family.FS.ThreadStatus(b.PID, s.t.TID)
	if err != nil {
		return false
	}
	if m.Virtual, m.Prof = have.virtual, have.prof; b.intervals.Load() && !have.timed {
		return false
	}
	m.Seen = b.seen
	set := st.SigPnd | st.ShdPnd
	if set == 0 {
		return true
	}
	m.Signals = have.signals
	if have.set != 0 && have.seen != b.seen {
		m.Seen = have.seen // home sees that this is not all, and lets no more come
		return true
	}
	return have.seen == b.seen && have.set == set && set&^st.SigBlk == 0
}

// collect looks at the pending signals and the timers of a thread that is about to execute a program.
func (s *strand) collect(p *pending) {
	g, b, t := s.b.g, s.b, s.t
	h, err := s.holdInCall(p)
	if err != nil {
		g.log.Debug("pending signals not seen", "thread", t.Own, "error", err)
		return
	}
	s.making(nil)
	one := collected{timed: true}
	if b.intervals.Load() {
		if one.virtual, one.prof, err = s.readIntervals(h); err != nil {
			g.log.Warn("interval timers not read", "thread", t.Own, "error", err)
		}
	}
	h.Do(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if st, err := b.Family.FS.ThreadStatus(b.PID, t.TID); err == nil {
			one.seen, one.set, one.signals = b.seen, (st.SigPnd|st.ShdPnd)&st.SigBlk, b.pendingOf([]*tracedThread{t})
			s.collected = one
		}
	})
	h.Release()
}

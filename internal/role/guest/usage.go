package guest

import (
	"time"

	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// usage is what a body, or one of its threads, has used: on this node, or on several.
type usage struct {
	CPU, System    int64  // nanoseconds, all and in the kernel; the latter in steps of a tick on each
	RSS, Peak      uint64 // bytes; of the whole body
	MinFlt, MajFlt uint64
	Asleep         bool // the first thread
}

// since is the use on this node of who has used something on others before.
func (u usage) since(before usage) usage {
	u.System = min(u.System, u.CPU) // the clocks are not read at one moment
	u.CPU, u.System, u.Peak = u.CPU+before.CPU, u.System+before.System, max(u.Peak, before.Peak)
	return u
}

const tick = int64(time.Second) / 100 // USER_HZ of x86-64

// usage of the whole body.
func (b *body) usage() usage {
	var u usage
	if st, err := b.Family.FS.Stat(b.PID); err == nil {
		u = usage{System: int64(st.STime) * tick, RSS: st.RSS * image.PageSize, MinFlt: st.MinFlt, MajFlt: st.MajFlt,
			Asleep: st.State == 'S' || st.State == 'D'}
	}
	if st, err := b.Family.FS.Status(b.PID); err == nil {
		u.RSS, u.Peak = st.VmRSS, max(st.VmHWM, st.VmRSS)
	}
	u.RSS += b.missing() // it will be here in a moment
	u.Peak = max(u.Peak, u.RSS)
	u.CPU = b.cpu()
	return u
}

// cpu is the time the body has used on this node, nanoseconds.
func (b *body) cpu() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(cpuclock.Clock{ID: b.PID}.Number(), &t) // a body that has just ended has used nothing more
	return t.Nano()
}

// cpu is the time the thread has used on this node, nanoseconds.
func (s *strand) cpu() int64 {
	used, _ := s.b.Family.FS.ThreadCPU(s.b.PID, s.t.TID)
	return used
}

// resident is how much of the body's memory is here, or will be in a moment.
func (b *body) resident() uint64 {
	var rss uint64
	if st, err := b.Family.FS.Stat(b.PID); err == nil {
		rss = st.RSS * image.PageSize
	}
	return rss + b.missing()
}

// usage of one thread.
func (s *strand) usage() usage {
	u := usage{CPU: s.cpu()}
	if st, err := s.b.Family.FS.ThreadStat(s.b.PID, s.t.TID); err == nil {
		u.System, u.MinFlt, u.MajFlt = int64(st.STime)*tick, st.MinFlt, st.MajFlt
	}
	return u
}

// before is what the process had used away from home when it came.
func (b *body) before() usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return usage{CPU: b.img.CPUMicros * 1000, System: b.img.SystemMicros * 1000, Peak: b.img.Peak}
}

// usedBefore is what a thread had used away from home when it came.
func usedBefore(t *image.Thread) usage { return usage{CPU: t.CPUNanos, System: t.SystemNanos} }

// total is what the process has used away from home.
func (b *body) total() usage { return b.usage().since(b.before()) }

// total is what the thread has used away from home.
func (s *strand) total() usage { return s.usage().since(s.before) }

// lived is all the CPU time the process had used when it came, microseconds.
func (b *body) lived() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.img.HomeMicros + b.img.CPUMicros
}

// report tells home what the process has used. What home knows when the
// process ends is what its parent will be told.
func (b *body) report() {
	u := b.total()
	b.mu.Lock()
	soft := b.cpuSoft
	b.mu.Unlock()
	m := wire.UsageMsg{CPUMicros: u.CPU / 1000, SystemMicros: u.System / 1000, RSS: u.RSS, Peak: u.Peak, CPUSoft: soft, Asleep: u.Asleep}
	_ = b.g.post(wire.Usage, b.Own, wire.Encode(m))
	b.g.tellCalls()
}

// reportEvery is how old home's figures may be.
const reportEvery = time.Second

// reports tells home of all bodies until the session ends, and looks after
// their limits of CPU time.
func (g *Guest) reports() {
	t := time.NewTicker(reportEvery / cpuLooks)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-g.done:
			return
		case <-t.C:
		}
		for _, b := range g.running() {
			b.limitCPU()
			if n%cpuLooks == 0 {
				b.report()
			}
		}
	}
}

// running lists the bodies that live here.
func (g *Guest) running() []*body {
	g.mu.Lock()
	defer g.mu.Unlock()
	var bs []*body
	for _, b := range g.bodies {
		b.mu.Lock()
		if b.running && !b.gone && !b.freezing {
			bs = append(bs, b)
		}
		b.mu.Unlock()
	}
	return bs
}

// getrusage adds what was used here to what home has counted. What was used by
// children is home's to tell: it grows when the process waits for one, which is done at home.
func (s *strand) getrusage(p *pending) {
	const children, self, thread = -1, 0, 1
	var u usage
	who := int32(p.args[0])
	switch who {
	case self:
		u = s.b.total()
	case thread:
		u = s.total()
		u.Peak = s.b.total().Peak // the kernel's rule: it is the process's
	case children:
		s.viaCount(p, func(ret int64, _ [][]byte) int64 { return ret })
		return
	default:
		s.goHome(p)
		return
	}
	s.viaCount(p, func(ret int64, outs [][]byte) int64 {
		if ret == 0 && len(outs) == 1 && len(outs[0]) >= rusageSize {
			u.addTo(outs[0])
		}
		return ret
	})
}

const rusageSize = 144

// addTo adds to a struct rusage.
func (u *usage) addTo(b []byte) {
	const utime, stime, maxrss, minflt, majflt = 0, 16, 32, 64, 72
	addTimeval(b[utime:], (u.CPU-u.System)/1000)
	addTimeval(b[stime:], u.System/1000)
	if kb := u.Peak / 1024; kb > le.Uint64(b[maxrss:]) {
		le.PutUint64(b[maxrss:], kb)
	}
	le.PutUint64(b[minflt:], le.Uint64(b[minflt:])+u.MinFlt)
	le.PutUint64(b[majflt:], le.Uint64(b[majflt:])+u.MajFlt)
}

// addTimeval adds microseconds to a struct timeval.
func addTimeval(b []byte, micros int64) {
	total := max(0, int64(le.Uint64(b))*1e6+int64(le.Uint64(b[8:]))+micros)
	le.PutUint64(b, uint64(total/1e6))
	le.PutUint64(b[8:], uint64(total%1e6))
}

// times adds the CPU time used here, in clock ticks.
func (s *strand) times(p *pending) {
	u := s.b.total()
	s.viaHome(p, func(ret int64, outs [][]byte) int64 {
		if len(outs) == 1 && len(outs[0]) >= 16 { // tms_utime, tms_stime
			le.PutUint64(outs[0], le.Uint64(outs[0])+uint64((u.CPU-u.System)/tick))
			le.PutUint64(outs[0][8:], le.Uint64(outs[0][8:])+uint64(u.System/tick))
		}
		return ret
	})
}

// usedAway reads what a CPU clock lacks at home; nil: it is none of the process's.
func (s *strand) usedAway(clock cpuclock.Clock) func() int64 {
	switch {
	case clock.Ticks:
		return nil
	case clock.OfProcess(s.b.Own):
		return func() int64 { return s.b.before().CPU + s.b.cpu() }
	case !clock.Thread:
		return nil
	case clock.ID != 0:
		t := s.b.ThreadByOwn(clock.ID)
		if t == nil {
			return nil
		}
		s = t.Data().(*strand) // a body's threads have that from the beginning
	}
	return func() int64 { return s.before.CPU + s.cpu() }
}

// cpuClock reads the process's or thread's CPU clock: home's, other nodes' and
// this one's together. Clocks of other processes are home's.
func (s *strand) cpuClock(p *pending) {
	clock, counts := cpuclock.Parse(int32(p.args[0]))
	if !counts {
		s.goHome(p)
		return
	}
	away := s.usedAway(clock)
	if away == nil {
		s.goHome(p)
		return
	}
	s.viaCount(p, func(ret int64, outs [][]byte) int64 {
		if ret == 0 && len(outs) == 1 && len(outs[0]) >= 16 {
			total := int64(le.Uint64(outs[0]))*1e9 + int64(le.Uint64(outs[0][8:])) + away()
			le.PutUint64(outs[0], uint64(total/1e9))
			le.PutUint64(outs[0][8:], uint64(total%1e9))
		}
		return ret
	})
}

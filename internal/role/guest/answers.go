package guest

import (
	"bytes"
	"strconv"

	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// viaHome asks home the call as the table says and lets change edit the result
// before it is written into the body.
func (s *strand) viaHome(p *pending, change func(ret int64, outs [][]byte) int64) {
	s.askHome(p, func(r result) {
		s.finish(p, p.call.Scatter(change(r.ret, r.outs), r.outs, s.b.memory()))
	})
}

// askHome makes the call at home as the table says and hands the result to
// then, in a sequence of its own that a freeze waits for.
func (s *strand) askHome(p *pending, then func(r result)) {
	c, errno := p.row.Gather(p.args, s.b.memory())
	if errno != 0 {
		s.b.g.answer(p.id, -int64(errno))
		return
	}
	p.call = c
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		head := make([]byte, 17, 128)
		le.PutUint64(head, p.serial)
		r := s.ask(p, wire.Call, c.Append(head))
		p.rpc = nil
		then(r)
	}()
}

// burnt is the CPU time the process has used away from home, in nanoseconds:
// on other nodes before, and here.
func (b *body) burnt() int64 {
	here, _ := b.usage()
	b.mu.Lock()
	defer b.mu.Unlock()
	return (b.img.CPUMicros + here) * 1000
}

// getrusage adds the CPU time burnt here to what home has counted.
func (s *strand) getrusage(p *pending) {
	const self = 0
	s.viaHome(p, func(ret int64, outs [][]byte) int64 {
		if ret == 0 && int32(p.args[0]) == self && len(outs) == 1 && len(outs[0]) >= 16 {
			addTimeval(outs[0], s.b.burnt()/1000)
		}
		return ret
	})
}

// addTimeval adds microseconds to a struct timeval.
func addTimeval(b []byte, micros int64) {
	total := int64(le.Uint64(b))*1e6 + int64(le.Uint64(b[8:])) + micros
	le.PutUint64(b, uint64(total/1e6))
	le.PutUint64(b[8:], uint64(total%1e6))
}

// times adds the CPU time burnt here, in clock ticks.
func (s *strand) times(p *pending) {
	const tick = 10_000_000 // nanoseconds
	s.viaHome(p, func(ret int64, outs [][]byte) int64 {
		if len(outs) == 1 && len(outs[0]) >= 8 {
			le.PutUint64(outs[0], le.Uint64(outs[0])+uint64(s.b.burnt()/tick))
		}
		return ret
	})
}

// cpuClock reads the process's or thread's CPU clock: home's and this node's
// together. Clocks of other processes are home's.
func (s *strand) cpuClock(p *pending) {
	const process, thread = 2, 3
	var local unix.Timespec
	id := int32(p.args[0])
	switch id {
	case process:
		_ = unix.ClockGettime(cpuClockOf(s.b.PID, false), &local)
	case thread:
		_ = unix.ClockGettime(cpuClockOf(s.t.TID, true), &local)
	default:
		s.goHome(p)
		return
	}
	before := int64(0)
	if id == process {
		s.b.mu.Lock()
		before = s.b.img.CPUMicros * 1000
		s.b.mu.Unlock()
	}
	s.viaHome(p, func(ret int64, outs [][]byte) int64 {
		if ret == 0 && len(outs) == 1 && len(outs[0]) >= 16 {
			total := int64(le.Uint64(outs[0]))*1e9 + int64(le.Uint64(outs[0][8:])) + local.Nano() + before
			le.PutUint64(outs[0], uint64(total/1e9))
			le.PutUint64(outs[0][8:], uint64(total%1e9))
		}
		return ret
	})
}

// cpuClockOf is the clock id of another process's or thread's CPU time:
// clock_getcpuclockid(3), with the thread bit as the kernel defines it.
func cpuClockOf(id int, thread bool) int32 {
	const sched, perThread = 2, 4
	c := int32(^id)<<3 | sched
	if thread {
		c |= perThread
	}
	return c
}

// affinity of the process itself is answered here: it is where the program
// runs. Setting it is remembered at home as well.
func (s *strand) affinity(p *pending) {
	pid := int(int32(p.args[0]))
	if pid != 0 && s.b.ThreadByOwn(pid) == nil {
		s.goHome(p)
		return
	}
	if p.nr == unix.SYS_SCHED_GETAFFINITY {
		s.b.g.proceed(p.id)
		return
	}
	s.viaHome(p, func(ret int64, _ [][]byte) int64 { return ret })
}

// prctl options that belong to both halves: home does it for the process's
// sake, the kernel here for the body's.
func (s *strand) prctl(p *pending) {
	s.askHome(p, func(r result) {
		if r.ret < 0 || p.args[0] != unix.PR_SET_NAME {
			s.finish(p, p.call.Scatter(r.ret, r.outs, s.b.memory()))
			return
		}
		s.mu.Lock()
		s.call = nil
		s.mu.Unlock()
		s.b.g.proceed(p.id)
	})
}

// path: calls on /proc/self and the like. What describes the program's memory
// or threads describes the guest; the rest is home's truth.
func (s *strand) path(p *pending) {
	if name, ok := s.ownProcFile(p); ok {
		if text, ok := s.b.describeSelf(name); ok {
			s.openText(p, text)
			return
		}
	}
	s.goHome(p)
}

// ownProcFile recognises a path to one of the process's own files in /proc.
func (s *strand) ownProcFile(p *pending) (string, bool) {
	at := 1
	switch p.nr {
	case unix.SYS_OPEN:
		at = 0
	case unix.SYS_OPENAT, unix.SYS_OPENAT2:
	default:
		return "", false
	}
	var b [64]byte
	n := len(b)
	if page := 4096 - p.args[at]%4096; page < uint64(n) {
		n = int(page)
	}
	if s.b.memory().Read(p.args[at], b[:n]) != nil {
		return "", false
	}
	end := bytes.IndexByte(b[:n], 0)
	if end < 0 {
		return "", false
	}
	name := b[:end]
	for _, prefix := range []string{"/proc/self/", "/proc/thread-self/", "/proc/" + strconv.Itoa(s.b.Own) + "/"} {
		if rest, ok := bytes.CutPrefix(name, []byte(prefix)); ok {
			return string(rest), true
		}
	}
	return "", false
}

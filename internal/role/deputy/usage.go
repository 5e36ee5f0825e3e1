package deputy

import (
	"time"

	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// The kernel at home counts what deputies use. What their guests have used away
// is kept here, and added to what the kernel tells a parent of its children, as
// far as that call is made for a parent that is away itself.

// spent is what a process, or several together, or a thread, used away from home.
type spent struct {
	cpu, system int64  // microseconds (of a thread: nanoseconds), all and in the kernel
	peak        uint64 // bytes, of the largest
}

func (a spent) plus(b spent) spent {
	return spent{cpu: a.cpu + b.cpu, system: a.system + b.system, peak: max(a.peak, b.peak)}
}

// most is what has been used when a and b have been told of it: used time does not vanish.
func (a spent) most(b spent) spent {
	return spent{cpu: max(a.cpu, b.cpu), system: max(a.system, b.system), peak: max(a.peak, b.peak)}
}

// used notes what the guest side tells.
func (p *proc) used(m wire.UsageMsg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.burnt = p.burnt.most(spent{cpu: m.CPUMicros, system: m.SystemMicros, peak: m.Peak})
	p.rss, p.asleep = m.RSS, m.Asleep
	p.heard = time.Now()
}

// silentFor is how long the guest side, which tells of each process once a second, says nothing
// until that is taken for a link on which nothing passes: TCP notices it half a minute later.
const silentFor = 5 * time.Second

// silent tells whether nothing has been heard of the guest for too long. Precondition: p.mu is held.
func (p *proc) silent() bool { return time.Since(p.heard) > silentFor }

// takes notes how much memory a process leaves with: what it has there until the guest side
// tells, within a second.
func (p *proc) takes(rss uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rss = rss
}

// arrives notes that a process has come to another node. Precondition: p.mu is held.
func (p *proc) arrives() {
	p.since = time.Now()
	p.heard, p.callsSince = p.since, p.calls.Load()
}

// bury leaves to the parent what a process that has ended, or is an ordinary one
// again, and the children it had waited for, have used. The parent is told when it waits.
func (p *proc) bury() {
	p.mu.Lock()
	parent, own, waited := p.parent, p.burnt, p.waited
	p.parent = nil
	p.mu.Unlock()
	total := own.plus(waited)
	if parent == nil || total == (spent{}) {
		return
	}
	parent.mu.Lock()
	defer parent.mu.Unlock()
	if parent.ended || len(parent.dead) >= maxDead {
		return
	}
	if parent.dead == nil {
		parent.dead = map[int]spent{}
	}
	parent.dead[p.Own] = total
}

func (p *proc) childOf(parent *proc) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parent == parent
}

// maxDead bounds the children remembered that nobody waits for.
const maxDead = 1 << 15

// collect is called when the deputy's kernel has reaped a child.
func (p *proc) collect(own int, keep bool) spent {
	// The kernel may tell the parent of an end before it is noticed here.
	if p.s != nil {
		if child := p.s.procByOwn(own); child != nil && child.childOf(p) {
			child.bury()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.dead[own]
	if !keep {
		delete(p.dead, own)
		p.waited = p.waited.plus(s)
	}
	return s
}

// account adds, in the results of a call, what children have used away.
func (p *proc) account(c *syscalls.Call, ret int64, outs [][]byte) {
	switch c.Nr {
	case unix.SYS_WAIT4:
		if ret > 0 {
			p.collect(int(ret), false).addTo(outOf(c, 3, outs))
		}
	case unix.SYS_WAITID:
		const pidAt = 16
		if info := outOf(c, 2, outs); ret == 0 && len(info) >= pidAt+4 {
			p.collect(int(le.Uint32(info[pidAt:])), c.Args[3]&unix.WNOWAIT != 0).addTo(outOf(c, 4, outs))
		}
	case unix.SYS_GETRUSAGE:
		const children = -1
		if ret == 0 && int32(c.Args[0]) == children {
			p.waitedFor().addTo(outOf(c, 1, outs))
		}
	case unix.SYS_TIMES:
		const tick = 10_000 // microseconds
		if b := outOf(c, 0, outs); len(b) >= 32 {
			s := p.waitedFor()
			le.PutUint64(b[16:], le.Uint64(b[16:])+uint64((s.cpu-s.system)/tick))
			le.PutUint64(b[24:], le.Uint64(b[24:])+uint64(s.system/tick))
		}
	}
}

func (p *proc) waitedFor() spent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waited
}

// outOf finds what a call returned through one of its arguments.
func outOf(c *syscalls.Call, arg int8, outs [][]byte) []byte {
	k := 0
	for i := range c.Segs {
		if !c.Segs[i].Out {
			continue
		}
		if c.Segs[i].Arg == arg && k < len(outs) {
			return outs[k]
		}
		k++
	}
	return nil
}

// addTo adds to a struct rusage, if there is one.
func (s spent) addTo(b []byte) {
	const size, utime, stime, maxrss = 144, 0, 16, 32
	if len(b) < size || s == (spent{}) {
		return
	}
	addTimeval(b[utime:], s.cpu-s.system)
	addTimeval(b[stime:], s.system)
	le.PutUint64(b[maxrss:], max(le.Uint64(b[maxrss:]), s.peak/1024))
}

// addTimeval adds microseconds to a struct timeval.
func addTimeval(b []byte, micros int64) {
	total := int64(le.Uint64(b))*1e6 + int64(le.Uint64(b[8:])) + micros
	le.PutUint64(b, uint64(total/1e6))
	le.PutUint64(b[8:], uint64(total%1e6))
}

// earlier puts into an image what the process has used away before: in stays
// before the present one at home.
func (p *proc) earlier(img *image.Image) {
	p.mu.Lock()
	defer p.mu.Unlock()
	img.CPUMicros, img.SystemMicros, img.Peak = p.burnt.cpu, p.burnt.system, p.burnt.peak
	if st, err := p.Family.FS.Stat(p.PID); err == nil {
		const tick = 10_000 // microseconds
		img.HomeMicros = int64(st.UTime+st.STime) * tick
	}
	for i := range img.Threads {
		used := p.threadsUsed[img.Threads[i].TID]
		img.Threads[i].CPUNanos, img.Threads[i].SystemNanos = used.cpu, used.system
	}
}

// cameHome counts the move, and notes what the returning image says about CPU time.
func (p *proc) cameHome(img *image.Image) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moves++
	p.burnt = p.burnt.most(spent{cpu: img.CPUMicros, system: img.SystemMicros, peak: img.Peak})
	p.threadsUsed = map[int]spent{}
	for i := range img.Threads {
		if t := &img.Threads[i]; t.CPUNanos > 0 && len(p.threadsUsed) < maxThreadsUsed {
			p.threadsUsed[t.TID] = spent{cpu: t.CPUNanos, system: t.SystemNanos}
		}
	}
}

// usedAway is what the daemon is to remember; nil: nothing. Precondition: p.mu is held.
func (p *proc) usedAway() *supervisor.Used {
	if p.moves == 0 {
		return nil
	}
	st, err := p.Family.FS.Stat(p.PID)
	if err != nil {
		return nil
	}
	u := &supervisor.Used{Start: st.StartTime, Moves: p.moves, CPUMicros: p.burnt.cpu, SystemMicros: p.burnt.system, Peak: p.burnt.peak,
		WaitedMicros: p.waited.cpu, WaitedSystemMicros: p.waited.system, WaitedPeak: p.waited.peak, Token: p.token}
	if len(p.threadsUsed) > 0 {
		u.Threads, u.ThreadsSystem = map[int]int64{}, map[int]int64{}
	}
	for tid, t := range p.threadsUsed {
		u.Threads[tid], u.ThreadsSystem[tid] = t.cpu, t.system
	}
	return u
}

// usedBy is what is remembered of a process that came home; nil: nothing.
func (s *Supervisor) usedBy(pid int) *supervisor.Used {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.used[pid]; ok {
		return &u
	}
	return nil
}

// usedBefore takes up what was used on earlier trips, of which this supervisor
// or else the daemon has kept record. Precondition: nobody else knows p yet.
func (p *proc) usedBefore(told *supervisor.Used) {
	st, err := p.Family.FS.Stat(p.PID)
	if err != nil {
		return
	}
	if own := p.s.usedBy(p.PID); own != nil && own.Start == st.StartTime {
		told = own
	}
	if told != nil && told.Start == st.StartTime {
		p.takesUp(told)
	}
}

func (p *proc) takesUp(u *supervisor.Used) {
	p.moves, p.token = u.Moves, u.Token
	p.burnt = spent{cpu: u.CPUMicros, system: u.SystemMicros, peak: u.Peak}
	p.waited = spent{cpu: u.WaitedMicros, system: u.WaitedSystemMicros, peak: u.WaitedPeak}
	p.threadsUsed = make(map[int]spent, len(u.Threads))
	for tid, cpu := range u.Threads {
		p.threadsUsed[tid] = spent{cpu: cpu, system: u.ThreadsSystem[tid]}
	}
}

// sleepsOnCPUTime tells whether a stopped thread is in a clock_nanosleep on a CPU
// clock: it goes on with it where it is. After an interruption it is in
// restart_syscall, with the arguments of the first call in its registers; the
// first one of all others that are restarted so is an address.
func sleepsOnCPUTime(r *image.Regs) bool {
	const highest = 3 // CLOCK_THREAD_CPUTIME_ID
	if int64(r.Rax) >= 0 || !isCPUClock(r.Rdi) {
		return false
	}
	return r.OrigRax == unix.SYS_CLOCK_NANOSLEEP || r.OrigRax == unix.SYS_RESTART_SYSCALL && r.Rdi <= highest
}

func isCPUClock(number uint64) bool {
	_, is := cpuclock.Parse(int32(number))
	return is
}

// maxThreadsUsed bounds what is told to the daemon of single threads.
const maxThreadsUsed = 1024

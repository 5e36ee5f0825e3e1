package deputy

import (
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// execution is an execve under way in a deputy.
type execution struct {
	mask uint64 // what the new program starts with
	link *link
	done chan struct{}
}

// execve replaces the program: natively, here. Only strings have travelled. The
// process is at home and ordinary afterwards; the guest's body is forgotten.
func (d *deputy) execve(j job) {
	var m wire.ExecMsg
	if err := wire.Decode(j.data, &m); err != nil {
		j.link.complain("undecodable exec", "error", err)
		return
	}
	p := d.p
	x := &execution{mask: m.Mask, link: j.link, done: make(chan struct{})}
	p.mu.Lock()
	if p.moving || len(p.unmade) > 0 {
		p.mu.Unlock()
		d.reply(j, m.Serial, restartNoIntr, nil)
		return
	}
	p.exec = x
	p.mu.Unlock()
	ret, gone := d.runExec(&m)
	if gone {
		return // Stopped has seen the exec, or the thread died
	}
	p.mu.Lock()
	p.exec = nil
	p.mu.Unlock()
	if !d.sealed {
		d.setMask(d.waits)
	}
	d.reply(j, m.Serial, ret, nil)
}

func (d *deputy) runExec(m *wire.ExecMsg) (ret int64, gone bool) {
	d.begin(m.Serial, true)
	defer d.finish()
	d.ignoreAlike(m.Ignored)
	// Signals that come from now on stay pending for the new program.
	d.setMask(^uint64(0))
	if !d.p.upToDate(m) {
		if d.stale++; d.stale < staleTries {
			d.seal()
			return restartNoIntr, false
		}
		d.p.s.log.Warn("an execve goes on although signals are on their way", "pid", d.p.PID)
	}
	d.stale, d.sealed = 0, false
	c := d.carry(m)
	if err := c.queue(); err != nil {
		d.p.s.log.Warn("pending signals are not kept over an execve", "pid", d.p.PID, "error", err)
	}
	intervals := d.startIntervals(m)
	if ret, gone = d.replaceProgram(m); !gone {
		intervals()
		if err := c.takeBack(); err != nil {
			d.p.s.log.Warn("pending signals after an execve that failed", "pid", d.p.PID, "error", err)
		}
	}
	return ret, gone
}

func (d *deputy) replaceProgram(m *wire.ExecMsg) (ret int64, gone bool) {
	b := newBlock(m)
	if len(b.bytes) <= windowMax { // where a limited address space has room, too
		at := d.t.Put(0, b.bytes)
		b.relocate(at)
		d.t.Put(0, b.bytes)
		ret, ok := d.issueExec(m, b, at)
		return ret, !ok
	}
	size := (uint64(len(b.bytes)) + 4095) &^ 4095
	at, err := d.p.scratch(d, size)
	if err != nil {
		return 0, true
	}
	if at < 0 && at > -4096 {
		return at, false
	}
	b.relocate(uint64(at))
	if err := d.p.Mem.Write(uint64(at), b.bytes); err != nil {
		d.p.unscratch(d, at, size)
		return -int64(unix.EFAULT), false
	}
	ret, ok := d.issueExec(m, b, uint64(at))
	if !ok {
		return 0, true
	}
	d.p.unscratch(d, at, size)
	return ret, false
}

// issueExec makes the call with the strings at an address; false: the process has been replaced, or is gone.
func (d *deputy) issueExec(m *wire.ExecMsg, b *block, at uint64) (int64, bool) {
	if m.At {
		return d.t.Issue(unix.SYS_EXECVEAT, [6]uint64{uint64(int64(m.DirFD)), at + b.path, at + b.argv, at + b.envp, uint64(m.Flags)})
	}
	return d.t.Issue(unix.SYS_EXECVE, [6]uint64{at + b.path, at + b.argv, at + b.envp})
}

// ignoreAlike makes the deputy ignore exactly what the guest ignores: ignored
// signals stay ignored over execve, caught ones become default.
func (d *deputy) ignoreAlike(want uint64) {
	st, err := d.p.Family.FS.Status(d.p.PID)
	if err != nil {
		return
	}
	for sig := 1; sig <= 64; sig++ {
		ignored, should := st.SigIgn>>(sig-1)&1, want>>(sig-1)&1
		if ignored == should || sig == int(unix.SIGKILL) || sig == int(unix.SIGSTOP) {
			continue
		}
		b := make([]byte, 32)
		b[0] = byte(should) // SIG_DFL or SIG_IGN
		_, _ = d.t.Call(unix.SYS_RT_SIGACTION, uint64(sig), d.t.Put(windowMax, b), 0, 8)
	}
}

// executed: an execve has succeeded. Runs on the tracing thread.
func (s *Supervisor) executed(p *proc, t *tracee.Thread) {
	p.mu.Lock()
	x := p.exec
	l := p.link
	p.served, p.sharedAt = nil, nil
	p.mu.Unlock()
	p.keepsDescriptors()
	if x == nil { // the process did it by itself, at home, while being prepared
		if t.Slot != nil { // who has none is looked at meanwhile
			t.Slot = nil
		}
		s.executedHere(p, t, 0)
		return
	}
	_ = ptrace.SetSigMask(t.TID, x.mask)
	tracee.Unhasten(t)
	if s.attending.Load() {
		s.executedBack(p, t, l)
		return
	}
	_ = ptrace.Detach(t.TID, 0)
	for _, th := range p.Threads() { // the others died in the exec without a word
		if d, ok := th.Data().(*deputy); ok {
			s.dropDeputy(d)
		}
		s.fam.Forget(th)
	}
	s.awaitLeft(p, l)
	p.mu.Lock()
	p.link = nil
	p.mu.Unlock()
	s.tellExec(p, l)
	s.drop(p, supervisor.Gone)
	p.killGuest(l)
}

// executedBack: a program was executed away, in an attended family. The process
// is at home again and stands at the beginning of it. Tracing thread.
func (s *Supervisor) executedBack(p *proc, t *tracee.Thread, l *link) {
	for _, th := range p.Threads() {
		if d, ok := th.Data().(*deputy); ok {
			s.dropDeputy(d)
		}
		if th != t {
			s.fam.Forget(th) // it died in the exec without a word
		}
	}
	t.Slot = nil
	s.awaitLeft(p, l)
	s.tellExec(p, l)
	s.keepTraced([]*tracee.Thread{t})
	p.mu.Lock()
	p.exec = nil
	p.burntBefore, p.callsBefore = p.burnt.cpu, p.calls.Load()
	p.mu.Unlock()
	p.killGuest(l)
	p.isHome()
	s.executedHere(p, t, l.node)
}

// isHome makes a process of an attended family one that is at home.
func (p *proc) isHome() {
	p.dropMapped()
	p.endSource()
	p.giving.Lock()
	p.emptied, p.toGive, p.giveWhole = false, nil, nil
	p.giving.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.link, p.files, p.sent = nil, nil, nil
	p.count, p.kept, p.rss = 0, 0, 0
	p.homing, p.dying, p.stopped = false, false, false
}

// endSoon lets the last messages out before the supervisor ends.
func (s *Supervisor) endSoon() {
	time.Sleep(20 * time.Millisecond)
	s.endIfIdle()
}

// block is the memory of an execve: the strings, and the vectors that point to them.
type block struct {
	bytes            []byte
	path, argv, envp uint64
	pointers         []uint64 // offsets of words that hold offsets
}

func newBlock(m *wire.ExecMsg) *block {
	b := &block{}
	put := func(s []byte) uint64 {
		at := uint64(len(b.bytes))
		b.bytes = append(append(b.bytes, s...), 0)
		return at
	}
	vector := func(v [][]byte) uint64 {
		offs := make([]uint64, len(v))
		for i, s := range v {
			offs[i] = put(s)
		}
		for len(b.bytes)%8 != 0 {
			b.bytes = append(b.bytes, 0)
		}
		at := uint64(len(b.bytes))
		for _, o := range offs {
			b.pointers = append(b.pointers, uint64(len(b.bytes)))
			b.bytes = le.AppendUint64(b.bytes, o)
		}
		b.bytes = le.AppendUint64(b.bytes, 0)
		return at
	}
	b.path = put(m.Path)
	b.argv = vector(m.Argv)
	b.envp = vector(m.Envp)
	return b
}

func (b *block) relocate(at uint64) {
	for _, p := range b.pointers {
		le.PutUint64(b.bytes[p:], at+le.Uint64(b.bytes[p:]))
	}
}

package guest

import (
	"slices"
	"time"

	"openmosix/internal/linux/meminfo"
	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// Stopped implements tracee.Role.
func (g *Guest) Stopped(t *tracee.Thread, st ptrace.Stop) {
	s, ok := t.Data().(*strand)
	if !ok { // the init: nothing of its stops matters
		_ = ptrace.Continue(t.TID, 0)
		return
	}
	switch st.Kind {
	case ptrace.Signal:
		s.deliver(st)
	case ptrace.Interrupted:
		if t.Stands = s.stays; !s.stays {
			_ = ptrace.Continue(t.TID, 0)
		}
	case ptrace.GroupStop:
		_ = ptrace.Listen(t.TID)
	default:
		_ = ptrace.Continue(t.TID, 0)
	}
}

// deliver decides about a signal for a running thread. Tracing thread.
func (s *strand) deliver(st ptrace.Stop) {
	b, t := s.b, s.t
	sig := st.Value
	info, err := ptrace.GetSigInfo(t.TID)
	if err != nil {
		return // it is going
	}
	real, direct, forwarded := undisguise(info)
	if s.straightened(&info) && !forwarded {
		_ = ptrace.Continue(t.TID, 0) // the kernel is to say that it cannot read the program's string
		return
	}
	switch {
	case forwarded:
		info = real
		b.homeTimers.takes(&info)
		_ = ptrace.SetSigInfo(t.TID, &info)
	case sig == int(unix.SIGSTOP):
		_ = ptrace.Continue(t.TID, sig)
		return
	case localOnly(sig):
		_ = ptrace.Continue(t.TID, 0)
		return
	}
	if !forwarded && s.behindTheEnd(&info) {
		s.goesHome("it touches a mapped file behind the end that it had")
		return
	}
	deadly := b.fatal(sig)
	if deadly && b.spared(&info) {
		_ = ptrace.Continue(t.TID, 0)
		return
	}
	if !deadly {
		b.overrunOf(&info)
		if r, err := ptrace.Regs(t.TID); err == nil && s.unbegun(&r) {
			_ = ptrace.SetRegs(t.TID, r)
		}
		s.handled(sig)
		_ = ptrace.Continue(t.TID, sig)
		return
	}
	if !tracee.DumpsCore(sig) {
		b.report()
		b.mu.Lock()
		b.tellWritten(b.Own)
		b.mu.Unlock()
		_ = b.g.post(wire.Died, b.Own, wire.Encode(wire.DiedMsg{Signal: sig}))
		return // it stays stopped until home has seen to its death
	}
	// It dies at home, where the core file belongs: with the signal pending
	// it comes home and the kernel there does the rest.
	b.mu.Lock()
	one := pendingSignal{info: info, doomed: true}
	if direct || !forwarded {
		one.own = t.Own
	}
	b.early = append(b.early, one)
	b.mu.Unlock()
	s.goesHome("it is to die with a core dump of " + unix.SignalName(unix.Signal(sig)))
}

// goesHome has the body brought home as it is. Until then the thread stays in this very stop: a freeze finds it standing.
// Tracing thread.
func (s *strand) goesHome(reason string) {
	b := s.b
	s.stays, s.t.Stands = true, true
	b.mu.Lock()
	b.homing = true
	b.mu.Unlock()
	_ = b.g.post(wire.NeedHome, b.Own, wire.Encode(wire.NeedHomeMsg{Nr: -1, Reason: reason}))
}

// behindTheEnd tells whether a thread has met the end of a file in a private mapping. That shows what its file gets
// after it was mapped, pages that it did not have then among it (mmap(2)); here it shows what the file had. So what
// the thread does is done again at home, where the kernel knows how long the file is by now. Tracing thread.
func (s *strand) behindTheEnd(info *ptrace.SigInfo) bool {
	const (
		busAdrerr = 2  // sigaction(2): BUS_ADRERR
		addr      = 16 // offset of si_addr
	)
	if unix.Signal(info.Signal()) != unix.SIGBUS || siCode(info) != busAdrerr {
		return false
	}
	maps, err := s.b.Family.FS.Maps(s.b.PID)
	at := le.Uint64(info[addr:])
	return err == nil && slices.ContainsFunc(maps, func(m procfs.Mapping) bool { return at >= m.Start && at < m.End && m.Ino != 0 && !m.Shared })
}

// localOnly tells of signals that are none of the program's: the SIGCHLD of a
// local child, and what stops the body and lets it go on. The true ones come
// from home, and home knows whether the process is stopped.
func localOnly(sig int) bool {
	return sig == int(unix.SIGCHLD) || sig == int(unix.SIGCONT) || sig == int(unix.SIGSTOP)
}

func siCode(i *ptrace.SigInfo) int32 { return int32(le.Uint32(i[8:])) }

// fatal tells whether the signal would end the process.
func (b *body) fatal(sig int) bool {
	st, err := b.Family.FS.Status(b.PID)
	if err != nil || (st.SigCgt|st.SigIgn)>>(sig-1)&1 != 0 {
		return false
	}
	switch unix.Signal(sig) {
	case unix.SIGCHLD, unix.SIGCONT, unix.SIGURG, unix.SIGWINCH, unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
		return false
	}
	return true
}

// Born implements tracee.Role: a thread or process was made by a traced one.
func (g *Guest) Born(st ptrace.Stop) {
	if st.Gone() {
		return
	}
	status, err := g.fam.FS.Status(st.TID)
	if err != nil {
		return
	}
	inner := status.InnermostPid()
	own := ownID(inner)
	b := g.bodyByPID(status.Tgid)
	if b == nil {
		if b, err = g.newBody(status.Tgid, own); err != nil {
			g.log.Error("a new process cannot be taken over", "pid", st.TID, "error", err)
			_ = unix.Kill(st.TID, unix.SIGKILL)
			return
		}
	}
	s := &strand{b: b}
	g.fam.AddThread(b.Process, st.TID, own, func(t *tracee.Thread) any {
		if s.t = t; own != inner {
			t.Inner = inner
		}
		return s
	})
	g.mu.Lock()
	g.byOwn[own], g.byTID[st.TID], g.born[own] = s, s, s
	threads := len(g.byOwn)
	g.mu.Unlock()
	g.daemon.Holds(threads)
	r, err := ptrace.Regs(st.TID)
	if err == nil && r.Rip >= b.Base && r.Rip < b.Base+4096 {
		s.served.Store(true)
		_ = ptrace.Continue(st.TID, 0) // born in the stub: it waits there
	}
	// Otherwise it was made by the program's own call: whoever made that call gives it its registers.
}

func (g *Guest) newBody(pid, own int) (*body, error) {
	p, err := g.fam.NewProcess(pid, own)
	if err != nil {
		return nil, err
	}
	b := &body{Process: p, g: g, img: &image.Image{}}
	b.kills, _ = meminfo.Kills() // where they are not counted there is no reason to tell
	p.Data = b
	p.Base = g.init.p.Base
	g.mu.Lock()
	p.Slots = g.making.slots
	b.sharesNames, b.directory = g.making.sharesNames, g.making.directory
	b.listener.Store(g.making.listener)
	g.bodies[pid] = b
	g.mu.Unlock()
	return b, nil
}

// awaitBorn waits for the report of a thread that has just been made.
func (g *Guest) awaitBorn(own int) *strand {
	within := owntime.Within(stopLimit)
	for {
		g.mu.Lock()
		s := g.born[own]
		delete(g.born, own)
		g.mu.Unlock()
		if s != nil {
			return s
		}
		if within.Over() {
			return nil
		}
		nap.For(50 * time.Microsecond)
	}
}

// Gone implements tracee.Role.
func (g *Guest) Gone(t *tracee.Thread, st ptrace.Stop) {
	s, ok := t.Data().(*strand)
	if !ok {
		g.log.Debug("the guest's init has ended")
		g.end()
		return
	}
	g.mu.Lock()
	if g.byOwn[t.Own] == s {
		delete(g.byOwn, t.Own)
	}
	delete(g.byTID, t.TID)
	g.mu.Unlock()
	s.abandonCall()
	b := s.b
	if t.TID != b.PID {
		return
	}
	b.mu.Lock()
	expected := b.gone || b.ending
	b.gone = true
	if b.ahead != nil && b.ahead.here != nil {
		b.drop() // as if it had never been there
	}
	b.behind(b.Own, false)
	if s := &b.slate; s.pieces != nil {
		s.pieces.Close()
		s.pieces, s.lent = nil, false
	}
	watch := b.watch
	b.watch = nil
	b.mu.Unlock()
	watch.Close()
	b.unanswered()
	b.endFetching()
	g.mu.Lock()
	delete(g.bodies, b.PID)
	g.mu.Unlock()
	_ = b.Mem.Close()
	leave, part := b.leaveSoles(), b.leaveJoints()
	if !expected && st.Kind == ptrace.Killed {
		m := wire.DiedMsg{Signal: st.Value}
		if m.There = st.Value == int(unix.SIGKILL); m.There {
			now, err := meminfo.Kills()
			m.Memory = err == nil && now > b.kills
		}
		_ = g.post(wire.Died, b.Own, wire.Encode(m))
	}
	go func() {
		leave()
		part()
		g.endIfEmpty()
	}()
}

// endIfEmpty ends the supervisor when it serves nothing any more.
func (g *Guest) endIfEmpty() {
	time.Sleep(10 * time.Millisecond) // last words
	g.mu.Lock()
	empty := len(g.bodies) == 0 && len(g.arrivals) == 0 && !g.kept
	g.mu.Unlock()
	if empty {
		g.end()
	}
}

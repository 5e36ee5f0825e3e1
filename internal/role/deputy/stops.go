package deputy

import (
	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// seizeOptions while a process is at home: only its own new threads are followed.
const seizeOptions = ptrace.SysGood | ptrace.TraceClone | ptrace.TraceExec

// awayOptions once it is a deputy: its children are deputies too, and it does
// not outlive its supervisor.
const awayOptions = seizeOptions | ptrace.TraceFork | ptrace.TraceVfork | ptrace.ExitKill

func kill(pid int) { _ = unix.Kill(pid, unix.SIGKILL) }

// Stopped implements tracee.Role.
func (s *Supervisor) Stopped(t *tracee.Thread, st ptrace.Stop) {
	p := t.Proc.Data.(*proc)
	d, _ := t.Data().(*deputy)
	switch st.Kind {
	case ptrace.Signal:
		if st.Value == int(unix.SIGTRAP) && s.entered(p, t) {
			return
		}
		s.signalAtHome(p, t, d, st.Value)
	case ptrace.Interrupted:
		if d != nil {
			d.interrupted()
		}
		_ = t.GoOn(0)
	case ptrace.GroupStop:
		s.stopped(p, t, d)
	case ptrace.Event:
		if st.Value == ptrace.EventExec {
			s.executed(p, t)
			return
		}
		if d != nil {
			s.fault.Reach(fault.HomeForks)
		}
		_ = t.GoOn(0)
	default:
		_ = t.GoOn(0)
	}
}

// signalAtHome passes a signal on to the guest, or lets it act here.
func (s *Supervisor) signalAtHome(p *proc, t *tracee.Thread, d *deputy, sig int) {
	if p.away() == nil {
		if c := p.isComing(); c == nil || !c.holds(t, ptrace.Stop{TID: t.TID, Kind: ptrace.Signal, Value: sig}) {
			if !t.Drops(sig) || !t.WriteOn() {
				p.isUnheard(t, sig)
			}
			_ = t.GoOn(sig)
		}
		return
	}
	if sig == int(unix.SIGSTOP) || stopsByDefault(sig) && p.isDefault(sig) {
		s.stopping(p, t)
		_ = t.GoOn(sig) // a stop is seen by the parent here
		return
	}
	info, err := ptrace.GetSigInfo(t.TID)
	if err != nil {
		return // it is going
	}
	if d != nil && ownFault(sig, &info) {
		s.broken(p, sig)
		return
	}
	if sig == int(unix.SIGCONT) {
		p.mu.Lock()
		p.stopped = false
		p.mu.Unlock()
	}
	s.passOn(p, p.sentTo(t, info))
	// Whether the guest ignores it is known there: if not, it breaks off the write.
	if d != nil && !t.WriteOn() { // else it has just been made, and nobody uses it yet
		d.settle()
	}
	if d != nil {
		d.meets(sig)
	}
	_ = t.GoOn(0)
}

// ownFault tells of a fault that the thread itself has met. Its code is the stub, which
// has none: the guest side has written to it, or over its slots, by the calls it makes.
func ownFault(sig int, info *ptrace.SigInfo) bool {
	switch unix.Signal(sig) {
	case unix.SIGSEGV, unix.SIGBUS, unix.SIGILL:
		return siCode(info) > 0 && siCode(info) != memoryError
	}
	return false
}

// memoryError is BUS_MCEERR_AO: of memory that the thread may not even use.
const memoryError = 5

// broken ends a process whose deputy cannot go on. Tracing thread.
func (s *Supervisor) broken(p *proc, sig int) {
	const why = "its deputy has been destroyed, by calls that the node it ran on has made for it"
	s.log.Error("a deputy meets a fault: killing its process", "pid", p.PID, "signal", sig)
	s.tell(supervisor.Event{Kind: supervisor.Lost, PID: p.PID, Text: why})
	kill(p.PID)
}

// sentTo makes up what to send of a signal that a deputy's thread met.
func (p *proc) sentTo(t *tracee.Thread, info ptrace.SigInfo) sentSignal {
	one := sentSignal{own: t.Own, toThread: siCode(&info) == siTkill, info: info}
	if siCode(&info) == siTimer {
		one.toThread = p.Family.FS.TimerOfThread(p.PID, int(int32(le.Uint32(info[16:]))))
	}
	return one
}

// passOn forwards a signal to wherever the guest is, and counts it: a signal
// that comes too late for a freeze is known by its place in the count.
func (s *Supervisor) passOn(p *proc, one sentSignal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != nil && p.absorbed(one) {
		return
	}
	p.count++
	if p.moving {
		p.sent = append(p.sent, one)
	}
	if p.link != nil && !p.waitsHere(p.link, one) {
		p.postSignal(p.link, one)
	}
}

// postSignal sends a signal to the guest half behind l. Precondition: p.mu is held.
func (p *proc) postSignal(l *link, one sentSignal) {
	head := make([]byte, 5) // to the thread alone, process
	if one.toThread {
		head[0] = 1
	}
	le.PutUint32(head[1:], uint32(p.Own))
	if err := p.tellGuestLocked(l, wire.Signal, one.own, head, one.info[:]); err != nil {
		p.s.log.Debug("signal not forwarded", "error", err)
	}
}

const (
	siTkill = -6
	siTimer = -2
)

func siCode(i *ptrace.SigInfo) int32 { return int32(le.Uint32(i[8:])) }

func stopsByDefault(sig int) bool {
	return sig == int(unix.SIGTSTP) || sig == int(unix.SIGTTIN) || sig == int(unix.SIGTTOU)
}

// isDefault tells whether the deputy (and so, by the mirrored actions, the
// guest) neither ignores nor catches a signal.
func (p *proc) isDefault(sig int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.actions[sig].Handler == 0
}

// settle looks at how far a stopped deputy got with its call. A call broken
// off by a signal or a cancellation is answered with the kernel's own restart
// code: the guest's kernel then decides between a restart and EINTR.
// Precondition: the thread is stopped inside the kernel's signal handling.
func (d *deputy) settle() {
	d.mu.Lock()
	firm, busy := d.firm, d.serial != 0
	d.mu.Unlock()
	slot := d.t.Slot
	if slot == nil || !busy {
		return
	}
	r, err := ptrace.Regs(d.t.TID)
	if err != nil {
		return
	}
	blob := d.p.Family.Blob
	switch blob.Classify(r.Rip-d.p.Base, int64(r.Rax), slot.Outstanding(), slot.Picked(r.R12)) {
	case stub.Broken:
		r.OrigRax = ^uint64(0) // no restart here: the code itself is the result
	case stub.NotBegun:
		if firm {
			return
		}
		r.Rip, r.Rax, r.OrigRax = d.p.Base+blob.After, ^uint64(0)-512, ^uint64(0) // -513
		r.R12, r.R14 = slot.CallSequence(), r.Rsp
	default:
		return
	}
	_ = ptrace.SetRegs(d.t.TID, r)
}

// Born implements tracee.Role: a thread or process was made by a traced one.
func (s *Supervisor) Born(st ptrace.Stop) {
	if st.Gone() {
		return
	}
	status, err := s.fam.FS.Status(st.TID)
	if err != nil {
		_ = ptrace.Continue(st.TID, 0)
		return
	}
	own := status.InnermostPid()
	p := s.procByPID(status.Tgid)
	if p == nil {
		stubs, err := s.inStub(status.PPid, st.TID)
		switch {
		case err == nil && !stubs && s.bornWhile(st, status.PPid):
			return
		case err != nil || !stubs && !s.attending.Load():
			_ = ptrace.Detach(st.TID, 0) // a child that the process made at home
			return
		case !stubs:
			p = s.attended(st.TID, own, status.PPid)
		default:
			p, err = s.adoptChild(st.TID, own)
		}
		if err != nil {
			s.log.Error("cannot take over a child", "pid", st.TID, "error", err)
			kill(st.TID)
			return
		}
	}
	t, held := s.fam.Adopt(p.Process, st, own)
	if p.away() != nil {
		s.mu.Lock()
		s.born[own] = &newborn{t: t}
		s.mu.Unlock()
	}
	if !held {
		_ = t.GoOn(0)
	}
}

// inStub tells whether a child of a process of the family was made by its deputy.
func (s *Supervisor) inStub(parent, child int) (bool, error) {
	p := s.procByPID(parent)
	if p == nil || p.Base == 0 {
		return false, nil
	}
	r, err := ptrace.Regs(child)
	return err == nil && r.Rip >= p.Base && r.Rip < p.Base+4096, err
}

// Gone implements tracee.Role.
func (s *Supervisor) Gone(t *tracee.Thread, st ptrace.Stop) {
	p := t.Proc.Data.(*proc)
	delete(p.unheard, t.TID)
	if d, ok := t.Data().(*deputy); ok {
		s.dropDeputy(d)
	}
	if t.TID != p.PID {
		return
	}
	s.log.Debug("process ended", "pid", p.PID, "stop", st.String())
	s.killUnmade(p)
	s.finished(p, st.Micros)
	s.drop(p, supervisor.Gone)
	p.killGuest(p.away())
}

// drop takes a process out of the tables.
func (s *Supervisor) drop(p *proc, kind supervisor.EventKind) {
	p.bury()
	p.hasEnded()
	p.mu.Lock()
	used := p.usedAway()
	told := p.moves > 0 || !s.attending.Load() // the daemon knows of it
	p.mu.Unlock()
	s.awaitLeft(p, p.away())
	p.dropMapped()
	p.endSource()
	s.mu.Lock()
	delete(s.procs, p.PID)
	if used != nil {
		s.used[p.PID] = *used // it may leave again before this supervisor ends
	}
	idle := len(s.procs) == 0
	if told || idle {
		s.requests++ // it must not end before it has told
	}
	s.mu.Unlock()
	_ = p.Mem.Close()
	if !told && !idle {
		return
	}
	go func() {
		if told {
			s.tell(supervisor.Event{Kind: kind, PID: p.PID, Used: used})
		}
		s.mu.Lock()
		s.requests--
		s.mu.Unlock()
		if idle {
			s.endSoon()
		}
	}()
}

package guest

import (
	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// signalHead precedes the siginfo of a Signal frame: to the thread alone (1), process (4).
const signalHead = 5

// signalled raises in the body a signal that came at home. Link reader: a
// signal caused by a call is raised before the call's reply is given.
func (g *Guest) signalled(own int, data []byte) {
	if len(data) != signalHead+sigInfoSize {
		g.log.Warn("bad signal from home", "bytes", len(data))
		return
	}
	b := g.bodyByOwn(int(le.Uint32(data[1:])))
	if b == nil {
		return
	}
	s := g.strandByOwn(own)
	one := pendingSignal{own: own}
	copy(one.info[:], data[signalHead:])
	b.mu.Lock()
	b.aged()
	if b.deaf() {
		// Too late for this freeze: home knows by the count and queues it
		// again. If the move fails it is raised here after all.
		b.late = append(b.late, lateSignal{pendingSignal: one, direct: data[0] != 0})
		b.mu.Unlock()
		return
	}
	b.seen++
	wake := b.queue(one, data[0] != 0, s) // a freeze that comes now must find what has been counted
	b.mu.Unlock()
	wake()
}

// lateSignal is what home has said while the body was deaf.
type lateSignal struct {
	pendingSignal
	direct  bool
	control unix.Signal // not 0: home's own word, no signal of the program's
}

// deaf tells whether what home says must wait, in its order. Precondition: b.mu is held.
func (b *body) deaf() bool { return b.freezing || !b.running || b.raising }

// raise makes a signal pending and wakes whoever waits in a call and may take it.
func (b *body) raise(one pendingSignal, direct bool) {
	if x := b.g.strandByOwn(one.at); one.first() && x != nil && x.b == b {
		info := disguise(one.info, false)
		if ptrace.QueueThread(b.PID, x.t.TID, &info) == nil {
			return // the thread is just stopped
		}
	}
	b.queue(one, direct, b.g.strandByOwn(one.own))()
}

// queue makes a signal pending; s is the thread that it met at home. The result
// wakes whoever waits in a call and may take it. It takes no lock.
func (b *body) queue(one pendingSignal, direct bool, s *strand) (wake func()) {
	nobody := func() {}
	sig := unix.Signal(le.Uint32(one.info[:]))
	if sig < 1 || sig > 64 {
		return nobody
	}
	direct = direct && s != nil && s.b == b
	if st, err := b.statusFor(direct, s); err == nil &&
		(st.Ignores(int(sig)) || b.homeTimers.absorbs(&one.info, (st.SigPnd|st.ShdPnd)>>(sig-1)&1 != 0)) {
		return nobody // what nobody traces drops what it ignores: made pending it would end waits with EINTR
	}
	info := disguise(one.info, direct)
	if direct {
		if err := ptrace.QueueThread(b.PID, s.t.TID, &info); err != nil {
			b.g.log.Debug("signal not raised", "thread", one.own, "signal", sig, "error", err)
		}
		b.raised.Add(1)
		return func() { s.wake(sig) }
	}
	if err := ptrace.Queue(b.PID, &info); err != nil {
		b.g.log.Debug("signal not raised", "process", b.Own, "signal", sig, "error", err)
	}
	b.raised.Add(1)
	return func() {
		for _, t := range b.Threads() {
			if s, ok := t.Data().(*strand); ok {
				s.wake(sig)
			}
		}
	}
}

// statusFor is the status of the thread that is to have a signal, or of the first one.
func (b *body) statusFor(direct bool, s *strand) (*procfs.Status, error) {
	tid := b.PID
	if direct {
		tid = s.t.TID
	}
	return b.Family.FS.ThreadStatus(b.PID, tid)
}

// wake breaks off a thread's forwarded call if the signal is not blocked: a
// call that waits for its notification's answer notices no signal by itself.
func (s *strand) wake(sig unix.Signal) {
	s.mu.Lock()
	p := s.call
	asked := p != nil && p.rpc != nil
	s.mu.Unlock()
	if p == nil || asked {
		return
	}
	if p.awaiting() {
		s.lookFor(p)
		return
	}
	if p.mask == 0 && s.blocked()>>(sig-1)&1 != 0 && s.strayed() == 0 {
		return
	}
	s.cancel(p)
}

// notice breaks a call off that a signal had been raised for before anybody
// knew that there was a call. Receiver.
func (s *strand) notice(p *pending) {
	n := s.b.raised.Load()
	if n == s.noticed {
		return
	}
	s.noticed = n
	if p.row.Interrupt != syscalls.Never && s.deliverable(0, true) {
		s.cancel(p)
	}
}

// cancel asks home to break a call off. The result comes as any other.
func (s *strand) cancel(p *pending) {
	s.mu.Lock()
	n, whole := p.serial, p.whole
	s.mu.Unlock()
	if whole {
		return
	}
	var serial [8]byte
	le.PutUint64(serial[:], n)
	_ = s.b.g.post(wire.Cancel, s.t.Own, serial[:])
}

// deliverable tells whether a signal waits that the thread would take under a mask.
func (s *strand) deliverable(mask uint64, own bool) bool {
	st, err := s.b.Family.FS.ThreadStatus(s.b.PID, s.t.TID)
	if err != nil {
		return false
	}
	if own {
		mask = st.SigBlk
	}
	return (st.SigPnd|st.ShdPnd)&^mask != 0
}

// collectPending lists what is pending in a stopped body, with its true
// siginfo. It stays pending here in case the move fails. Tracing thread.
func (b *body) collectPending() []wire.PendingSignal { return b.pendingOf(b.Threads()) }

// pendingOf lists what is pending for stopped threads, and for the process.
func (b *body) pendingOf(ts []*tracedThread) []wire.PendingSignal {
	var out []wire.PendingSignal
	add := func(tid int, infos []ptrace.SigInfo, undone bool) {
		for _, i := range infos {
			real, direct, ok := undisguise(i)
			if ok {
				b.homeTimers.completes(&real)
			}
			if !ok && (localOnly(i.Signal()) || undone && isFault(&i)) {
				continue
			}
			one := wire.PendingSignal{TID: tid, Info: append([]byte(nil), real[:]...)}
			if ok && !direct { // given to a thread for the sake of its place
				one.TID = 0
			}
			out = append(out, one)
		}
	}
	for _, t := range ts { // a thread's own are taken first
		own, _ := ptrace.PendingSignals(t.TID, false)
		s, _ := t.Data().(*strand)
		add(t.Own, own, s != nil && s.undone)
	}
	if len(ts) > 0 {
		shared, _ := ptrace.PendingSignals(ts[0].TID, true)
		add(0, shared, false)
	}
	return out
}

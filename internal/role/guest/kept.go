package guest

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// Kept signals are those that a descriptor (signalfd) of the process gives.
// They stay pending at home, where the descriptor is, as long as they are
// blocked: each deputy blocks what its thread here blocks of them. So home is
// told when a thread changes its mask, and a kept signal that has got here
// nevertheless goes back before the thread's next call.
//
// What counts is what a thread blocks by its own calls. What it blocks besides,
// while a handler runs, lasts only until that returns: such a signal may well be
// here, in its place before later ones.

// callHead precedes a forwarded call: its serial, what the mask is for, the mask.
func (s *strand) callHead(p *pending) []byte {
	head := make([]byte, wire.CallHead, 64)
	le.PutUint64(head, p.serial)
	le.PutUint32(head[wire.UsedOff:], s.b.used.Swap(0))
	if p.again {
		head[8] |= wire.MadeAgain
	}
	kept := s.b.kept.Load()
	if !p.row.Mask && kept == 0 {
		return head
	}
	if p.row.Mask {
		head[8] |= wire.MaskForCall
		le.PutUint64(head[9:], s.blocked())
	}
	if kept != 0 {
		blocks := s.blocks.Load()
		var m [8]byte
		if p.mask != 0 && s.b.memory().Read(p.mask, m[:]) == nil { // ppoll and its like wait under another
			head[8] |= wire.MaskForAfter
			le.PutUint64(head[9:], blocks)
			p.after, p.changes = blocks, true
			blocks = le.Uint64(m[:])
		}
		s.atHome.Store(blocks)
		head[8] |= wire.MaskForKept
		le.PutUint64(head[17:], blocks)
	}
	return head
}

// strayed are the kept signals that are pending here and belong home: the thread
// blocks them, and those of the process all threads do.
func (s *strand) strayed() uint64 {
	kept := s.b.kept.Load()
	if kept == 0 {
		return 0
	}
	st, err := s.b.Family.FS.ThreadStatus(s.b.PID, s.t.TID)
	if err != nil {
		return 0
	}
	blocked := st.SigBlk & kept & s.blocks.Load()
	shared := st.ShdPnd & blocked
	for _, t := range s.b.Threads() {
		if x, ok := t.Data().(*strand); ok && shared != 0 {
			shared &= x.blocks.Load()
		}
	}
	return shared | st.SigPnd&blocked
}

// maxBack is how many signals go back at once.
const maxBack = 64

// sendBack sends strayed signals home before the thread makes its call.
func (s *strand) sendBack(p *pending, set uint64) {
	if !s.enter(p, true) {
		return
	}
	s.making(nil) // nothing is asked of home yet
	b := s.b
	go func() {
		defer b.leave()
		q := &pending{s: s, serial: b.g.serial.Add(1)}
		back := le.AppendUint64(nil, q.serial)
		count := 0
		err := s.take(p, set, func(info ptrace.SigInfo, direct bool) (int64, bool) {
			own := byte(0)
			if direct {
				own = 1
			}
			back = append(append(back, own), info[:]...)
			count++
			return -noIntr, count == maxBack
		}, func() {
			if count > 0 {
				s.making(q)
				s.ask(q, wire.Keep, back)
			}
			s.making(nil)
		})
		if err != nil {
			b.g.log.Warn("signals not sent back", "thread", s.t.Own, "error", err)
		}
	}()
}

// making notes the call under way.
func (s *strand) making(p *pending) {
	s.mu.Lock()
	s.call = p
	s.mu.Unlock()
}

// keep has home keep more signals. Threads that are in a call at home make it
// again, under the mask that goes with it.
func (s *strand) keep(set uint64) {
	b := s.b
	if before := b.kept.Or(set); before&set == set {
		return
	}
	b.g.mu.Lock()
	b.allow()
	b.g.mu.Unlock()
	for _, t := range b.Threads() {
		x, ok := t.Data().(*strand)
		if !ok || x == s {
			continue
		}
		x.mu.Lock()
		p := x.call
		waits := p != nil && p.rpc == nil
		x.mu.Unlock()
		if waits && !p.awaiting() {
			x.cancel(p)
			continue
		}
		_ = b.g.post(wire.Blocked, t.Own, blockedMsg(0, x.blocks.Load()))
	}
}

func blockedMsg(serial, mask uint64) []byte {
	return le.AppendUint64(le.AppendUint64(nil, serial), mask)
}

// signalfd: the descriptor is home's. The first one of a process brings it home,
// because its filter does not yet show when masks change.
func (s *strand) signalfd(p *pending) {
	if s.b.kept.Load() == 0 {
		s.comeHome(p, "signals read through a descriptor stay pending at home, and this is the first such descriptor")
		return
	}
	var set [8]byte
	if s.b.memory().Read(p.args[1], set[:]) == nil {
		s.keep(le.Uint64(set[:]))
	}
	s.goHome(p)
}

// maskChange: rt_sigprocmask, rt_sigsuspend and rt_sigreturn of a process with
// kept signals. Home learns which of them the thread will block before it does:
// those that it does not block any more arrive before the call.
func (s *strand) maskChange(p *pending) {
	at, size, how := p.args[1], p.args[3], int(int32(p.args[0]))
	switch p.nr {
	case unix.SYS_RT_SIGSUSPEND:
		at, size, how = p.args[0], p.args[1], sigSetMask
	case unix.SYS_RT_SIGRETURN:
		at, size, how = s.frameMask(), 8, sigSetMask
	}
	var set [8]byte
	if at == 0 || size != 8 || s.b.memory().Read(at, set[:]) != nil {
		s.b.proceed(p.id)
		return
	}
	after, blocks := le.Uint64(set[:]), s.blocks.Load()
	switch {
	case how == sigBlock:
		blocks |= after
	case how == sigUnblock:
		blocks &^= after
	case p.nr == unix.SYS_RT_SIGPROCMASK:
		// In a handler that puts back what it found: what the handler itself
		// blocks is not of the thread's own.
		blocks = after &^ (s.blocked() &^ blocks)
	default:
		blocks = after
	}
	lasts := func() {
		if p.nr != unix.SYS_RT_SIGSUSPEND {
			s.blocks.Store(blocks)
		}
	}
	if (blocks^s.atHome.Load())&s.b.kept.Load() == 0 {
		lasts()
		s.b.proceed(p.id)
		return
	}
	if !s.enter(p, true) {
		return // it is made again, perhaps elsewhere: nothing has changed yet, and home has not been told
	}
	lasts()
	s.atHome.Store(blocks)
	go func() {
		defer s.b.leave()
		s.ask(p, wire.Blocked, blockedMsg(p.serial, blocks))
		s.mu.Lock()
		s.call = nil
		s.mu.Unlock()
		s.b.proceed(p.id)
	}()
}

// frameMask is where the mask is that a thread returns to from its handler: in
// the frame the kernel has made for that, see sigreturn(2).
func (s *strand) frameMask() uint64 {
	c, err := s.b.Family.FS.Call(s.b.PID, s.t.TID)
	if err != nil {
		return 0
	}
	const maskOff = 16 + 24 + 256 // uc_sigmask; the handler's return has popped what is before
	return c.SP + maskOff
}

const (
	sigBlock   = 0
	sigUnblock = 1
	sigSetMask = 2
)

// sigpending adds what is pending at home to what is pending here.
func (s *strand) sigpending(p *pending) {
	if s.b.kept.Load() == 0 || p.args[1] > 8 {
		s.here(p)
		return
	}
	s.viaHome(p, func(ret int64, outs [][]byte) int64 {
		st, err := s.b.Family.FS.ThreadStatus(s.b.PID, s.t.TID)
		if err == nil && ret == 0 && len(outs) == 1 && len(outs[0]) == 8 {
			le.PutUint64(outs[0], le.Uint64(outs[0])|(st.SigPnd|st.ShdPnd)&st.SigBlk)
		}
		return ret
	})
}

// watchesMasks tells of the calls that run here but change a mask.
func watchesMasks(nr int) bool {
	return nr == unix.SYS_RT_SIGPROCMASK || nr == unix.SYS_RT_SIGSUSPEND || nr == unix.SYS_RT_SIGRETURN
}

// mayWait tells of the calls before which strayed signals go back.
func mayWait(where syscalls.Where) bool {
	return where == syscalls.Home || where == syscalls.Answer
}

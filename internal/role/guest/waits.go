package guest

import (
	"errors"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// again repeats a wait that ended with EINTR although no signal is there for
// its thread: it was broken off for a move, or for a signal another thread took.
func (s *strand) again(p *pending) bool {
	b := s.b
	b.mu.Lock()
	freezing := b.freezing
	if freezing {
		if (p.mask == 0 || s.endsUnder(p)) && s.deliverable(0, true) {
			b.mu.Unlock()
			return false
		}
		s.mu.Lock()
		s.call = nil
		s.rest = p.left()
		s.mu.Unlock()
		b.mu.Unlock()
		b.g.restartCall(p)
		return true
	}
	if p.mask != 0 {
		b.mu.Unlock()
		return false // underMask looks
	}
	// With its new number first: whoever breaks calls off from now on finds it,
	// whoever did before has made a signal pending, or begun to freeze.
	s.mu.Lock()
	p.serial = b.g.serial.Add(1)
	s.mu.Unlock()
	b.mu.Unlock()
	if s.deliverable(0, true) {
		return false
	}
	if s.strayed() != 0 {
		s.mu.Lock()
		s.call = nil
		s.rest = p.left()
		s.mu.Unlock()
		b.g.restartCall(p)
		return true
	}
	if !p.until.IsZero() {
		p.lastUntil()
	}
	p.again = true
	s.pass(p, b.g.post) // the reader is here
	return true
}

// underMask finishes a wait that has a signal mask of its own and was broken
// off: the body's kernel decides, in a poll that looks at nothing but signals,
// under that mask. It delivers the handler with the right mask saved. While a freeze
// is coming the call is made again where the process is then. False: it freezes.
func (s *strand) underMask(p *pending) bool {
	b := s.b
	b.mu.Lock()
	if b.freezing {
		b.mu.Unlock()
		return false
	}
	if b.want {
		s.mu.Lock()
		s.call = nil
		s.rest = p.left()
		s.mu.Unlock()
		b.held = append(b.held, p)
		b.mu.Unlock()
		return true
	}
	b.busy++
	b.mu.Unlock()
	go func() {
		defer b.leave()
		s.pollForSignals(p)
	}()
	return true
}

// endsUnder tells whether a signal is there that ends a wait under a mask of its own.
func (s *strand) endsUnder(p *pending) bool {
	var m [8]byte
	return s.b.memory().Read(p.mask, m[:]) == nil && s.deliverable(le.Uint64(m[:]), false)
}

// holdInCall stops a thread that waits for the answer to its call, which it is
// to make again unless its registers say otherwise when it goes on. Without a
// hold it makes it again by itself, and the call is no longer registered.
func (s *strand) holdInCall(p *pending) (*tracee.Hold, error) {
	answered := false
	h, err := s.t.HoldOne(stopLimit, s.passOn, func() {
		s.b.answer(p.id, -noIntr)
		answered = true
	})
	if err != nil {
		s.making(nil) // before the thread can make its next one
		if !answered {
			s.b.g.restartCall(p)
		}
	}
	return h, err
}

func (s *strand) pollForSignals(p *pending) {
	g, b, t := s.b.g, s.b, s.t
	h, err := s.holdInCall(p)
	if err != nil {
		g.log.Debug("signal poll", "error", err)
		return
	}
	s.making(nil)
	var saved image.Regs
	h.Do(func() { saved, err = ptrace.Regs(t.TID) })
	if err != nil {
		h.Release()
		return
	}
	slot := b.Slots.New()
	if slot == nil {
		h.Release()
		return
	}
	defer b.Slots.Free(slot)
	zero := make([]byte, 16)
	copy(slot.Window(), zero)
	s.served.Store(true)
	ret, err := h.Inject(t, saved.Rip-syscallLength, unix.SYS_PPOLL, 0, 0, slot.WindowAddr(), p.mask, p.maskLen)
	s.served.Store(false)
	again := saved
	again.Rip, again.Rax, again.OrigRax = saved.Rip-syscallLength, uint64(p.nr), ^uint64(0)
	var met *tracee.MetSignal
	if errors.As(err, &met) { // one that the thread takes under its own mask: before the call, as natively
		h.LetGo(func() {
			_ = ptrace.SetRegs(t.TID, again)
			s.deliver(met.Stop)
		})
		return
	}
	if err != nil {
		g.log.Warn("signal poll", "thread", t.Own, "error", err)
		h.Release()
		return
	}
	r := saved
	if ret == -int64(unix.EINTR) || ret == noHand {
		r.Rax, r.OrigRax = uint64(0xffff_ffff_ffff_ffff-513), uint64(p.nr) // -514: EINTR if a handler runs, else again
	} else {
		r = again
	}
	s.mu.Lock()
	s.rest = p.left()
	s.mu.Unlock()
	h.LetGo(func() {
		_ = ptrace.SetRegs(t.TID, r)
		_ = ptrace.Continue(t.TID, 0)
	})
}

const (
	syscallLength = 2
	noHand        = -514
)

// passOn is the policy for signals met while one thread is being stopped: as ever.
func (s *strand) passOn(t *tracedThread, st ptrace.Stop) { s.deliver(st) }

// leavingCall adapts a captured thread to being resumed elsewhere. A wait for a
// relative time whose end is known is made again there for the rest of it, others
// that their deputy remembers go on at the deputy. read is when the image's clocks
// were read.
func (s *strand) leavingCall(t *image.Thread, read time.Time) {
	r := &t.Regs
	s.begins(r)
	if code := int64(r.Rax); int64(r.OrigRax) < 0 || code < restartLow || code > restartHigh {
		return
	}
	s.mu.Lock()
	left, remembered := s.rest, rest{nr: s.restart, until: s.restartUntil}
	s.mu.Unlock()
	goesOn := int64(r.Rax) == restartBlock || r.OrigRax == unix.SYS_RESTART_SYSCALL
	if goesOn && left.until.IsZero() {
		left = remembered
	}
	switch {
	case !goesOn:
		t.Pending = left.pending(read)
	case !left.until.IsZero():
		r.Rax, r.OrigRax = minus(noHand), uint64(left.nr)
		t.Pending = left.pending(read)
	case remembered.nr == unix.SYS_POLL: // it has no time, so nothing is lost when it is made again
		r.Rax, r.OrigRax = minus(noHand), unix.SYS_POLL
	case remembered.nr != 0:
		r.Rax = minus(restartBlock)
		t.Restart = remembered.nr
	default:
		nativeRestart(t)
	}
}

// begins has a thread that is just about to go on with an interrupted wait, after signals of it have been sent
// home, stand as if it had not been told to yet: elsewhere no kernel remembers that wait.
func (s *strand) begins(r *image.Regs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int64(r.OrigRax) < 0 && r.Rax == unix.SYS_RESTART_SYSCALL && s.restart != 0 {
		r.Rip += syscallLength
		r.Rax, r.OrigRax = minus(restartBlock), unix.SYS_RESTART_SYSCALL
	}
}

// minus is a negative result as a register holds it.
func minus(result int64) uint64 { return uint64(result) }

// nativeRestart: the kernel's memory of an interrupted relative wait does not
// travel. A futex wait with a relative time may end early (futex(2): a result of
// 0 can be a spurious wake-up), but never with an EINTR that no handler caused;
// others are made again: those with an absolute time lose nothing. What goes on
// through restart_syscall is a futex wait: of the calls that do, no other is made here.
func nativeRestart(t *image.Thread) {
	if t.Regs.OrigRax == unix.SYS_RESTART_SYSCALL {
		t.Regs.OrigRax = unix.SYS_FUTEX
	}
	const command, wait = 0x7f, 0 // FUTEX_WAIT; FUTEX_WAIT_BITSET's time is absolute
	if t.Regs.OrigRax == unix.SYS_FUTEX && t.Regs.Rsi&command == wait {
		t.Regs.Rax, t.Regs.OrigRax = 0, ^uint64(0)
		return
	}
	t.Regs.Rax = uint64(0xffff_ffff_ffff_ffff - 513)
}

// awayward adapts a thread to going on here.
func awayward(s *strand, t *image.Thread) {
	s.restart = t.Restart
	if int64(t.Regs.Rax) == restartBlock && int64(t.Regs.OrigRax) >= 0 && t.Restart == 0 {
		switch t.Regs.OrigRax {
		case unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_RESTART_SYSCALL:
			s.restart = int(t.Regs.OrigRax) // the deputy's own kernel memory of it is still there
		default:
			nativeRestart(t)
		}
	}
}

// restartSys is -ERESTARTSYS.
const restartSys = -512

// unbegun repairs the registers of a thread whose call was broken off before
// this supervisor had received its notification: up to then the kernel waits
// interruptibly, and its -ERESTARTSYS would become an EINTR that the call itself
// might never give. It is to be made (again) whatever happens. The result tells
// whether anything was changed. Precondition: the thread is stopped in the
// kernel's signal handling.
func (s *strand) unbegun(r *image.Regs) bool {
	if s.wasIn(r) {
		return true
	}
	if int64(r.Rax) != restartSys || int64(r.OrigRax) < 0 {
		return false
	}
	s.mu.Lock()
	ours := s.restarted
	s.mu.Unlock()
	row := syscalls.Lookup(int(r.OrigRax))
	if ours || row == nil {
		return false
	}
	if _, where := row.Resolve([6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}); where == syscalls.Here {
		return false
	}
	r.Rax = uint64(0xffff_ffff_ffff_ffff - 512) // -ERESTARTNOINTR
	return true
}

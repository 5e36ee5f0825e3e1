package guest

import (
	"openmosix/internal/linux/notify"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// A thread that was in a call when it left makes it again where it has come to. A signal that comes for it before
// that is noticed (those that came during the move come right then) has met it in that call, and ends it as a signal does:
// with EINTR, or again behind the handler, as the action says. If its handler ran before the call instead, nothing would
// end it any more: a program that waits with a limit of time made by alarm(2) would wait for ever.

// begunCall is that call. Guarded by strand.mu.
type begunCall struct {
	nr   uint64
	next uint64 // the address behind its instruction
	ends int64  // what a signal makes of it: -ERESTART...; 0: there is none
}

// code is that for the call which is noticed next; 0: it is another one.
func (b begunCall) code(n *notify.Notification) int64 {
	if n.IP != b.next || uint64(n.Nr) != b.nr && n.Nr != unix.SYS_RESTART_SYSCALL {
		return 0
	}
	return b.ends
}

// remade is the result of a call that was broken off before it was made here: it is made again, or it began before.
func (p *pending) remade() int64 {
	if p.goesOn != 0 {
		return p.goesOn
	}
	return -noIntr
}

// goesOnIn notes the call in which a thread arrives.
func (s *strand) goesOnIn(r *image.Regs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = begunCall{}
	code := int64(r.Rax)
	if int64(r.OrigRax) < 0 || code < restartLow || code > restartHigh {
		return
	}
	if ends := interrupted(r.OrigRax, code); ends != -noIntr { // else it is as if it had not begun
		s.begun = begunCall{nr: r.OrigRax, next: r.Rip, ends: ends}
	}
}

// interrupted is what a signal makes of a call that is to go on by a code. What is to be made again whatever
// happens may be a wait that the freeze itself had ended with EINTR.
func interrupted(nr uint64, code int64) int64 {
	row := syscalls.Lookup(int(nr))
	switch {
	case code == restartBlock:
		return noHand
	case code != -noIntr || row == nil || !row.EndsWithEintr():
		return code
	case row.Interrupt == syscalls.Eintr:
		return noHand
	}
	return restartSys // by a socket's time; else it may not even be one
}

// wasIn has a thread that a signal has met before its call was noticed stand in that call: at its instruction, or in the
// filter, which waits for this supervisor. Precondition: the thread is stopped in the kernel's signal handling.
func (s *strand) wasIn(r *image.Regs) bool {
	s.mu.Lock()
	b := s.begun
	s.begun = begunCall{}
	s.mu.Unlock()
	again := b.nr
	if b.ends == noHand && r.Rax == unix.SYS_RESTART_SYSCALL || r.OrigRax == unix.SYS_RESTART_SYSCALL {
		again = unix.SYS_RESTART_SYSCALL
	}
	switch {
	case b.ends == 0:
		return false
	case r.Rip == b.next && r.OrigRax == again && int64(r.Rax) == restartSys:
	case r.Rip == b.next-syscallLength && r.Rax == again: // the kernel has set it back, and may not have left since
		r.Rip = b.next
	default:
		return false
	}
	r.Rax, r.OrigRax = minus(b.ends), again
	return true
}

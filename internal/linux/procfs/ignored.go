package procfs

import "golang.org/x/sys/unix"

// droppedByDefault are the signals that do nothing unless they are caught, but SIGCONT, which lets go on in any case.
const droppedByDefault = 1<<(unix.SIGCHLD-1) | 1<<(unix.SIGURG-1) | 1<<(unix.SIGWINCH-1)

// Ignores tells whether the kernel drops a signal that is sent to the thread, so that it wakes
// nobody (sig_ignored): it does so when no debugger is there.
func (s *Status) Ignores(sig int) bool {
	bit := uint64(1) << (sig - 1)
	if sig == int(unix.SIGCONT) || s.SigBlk&bit != 0 {
		return false
	}
	return s.dropped()&bit != 0
}

// dropped are the signals that are ignored.
func (s *Status) dropped() uint64 { return s.SigIgn | droppedByDefault&^s.SigCgt }

// Waits tells whether a signal is pending that the thread is going to take, and does not ignore.
func (s *Status) Waits() bool { return (s.SigPnd|s.ShdPnd)&^s.SigBlk&^s.dropped() != 0 }

// Package pidfd holds on to a process by a descriptor, which, unlike a pid,
// never comes to mean another process.
//
// A descriptor says nothing of the process's threads and waits for no child:
// reaping stays with the parent.
package pidfd

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// FD refers to a process, also after its death. The owner closes it.
type FD int

// Open refers to the process that pid names at this moment. To be sure that it
// is the one meant, look at its start time after opening.
func Open(pid int) (FD, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, fmt.Errorf("refer to process %d: %w", pid, err)
	}
	return FD(fd), nil
}

// GetFD copies a descriptor out of the process; the copy is close-on-exec. It
// needs the right to trace the process.
func (p FD) GetFD(fd int) (int, error) {
	copied, err := unix.PidfdGetfd(int(p), fd, 0)
	if err != nil {
		return -1, fmt.Errorf("copy descriptor %d: %w", fd, err)
	}
	return copied, nil
}

// Signal sends a signal; 0 only asks whether one could be sent.
func (p FD) Signal(sig unix.Signal) error {
	if err := unix.PidfdSendSignal(int(p), sig, nil, 0); err != nil {
		return fmt.Errorf("send %s: %w", unix.SignalName(sig), err)
	}
	return nil
}

// Ended waits until all threads of the process have ended (it may be a zombie
// then) or the time is over, and tells which. A negative time waits for ever.
func (p FD) Ended(within time.Duration) (bool, error) {
	deadline := time.Now().Add(within)
	for {
		poll := []unix.PollFd{{Fd: int32(p), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, milliseconds(within))
		if err == unix.EINTR {
			if within > 0 {
				within = max(0, time.Until(deadline))
			}
			continue
		}
		if err != nil {
			return false, fmt.Errorf("wait for end of process: %w", err)
		}
		return n > 0, nil
	}
}

// milliseconds rounds up: a wait must not turn into a busy loop of its caller.
func milliseconds(d time.Duration) int {
	if d < 0 {
		return -1
	}
	return int(min((d+time.Millisecond-1)/time.Millisecond, 1<<30))
}

// Close lets go of the process.
func (p FD) Close() error {
	if err := unix.Close(int(p)); err != nil {
		return fmt.Errorf("close reference to process: %w", err)
	}
	return nil
}

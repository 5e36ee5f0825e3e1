package ptrace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Queue makes a signal pending for a process, with a siginfo as
// rt_sigqueueinfo(2) lets one process give it to another: a negative si_code.
func Queue(pid int, si *SigInfo) error {
	_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(si.Signal()), uintptr(unsafe.Pointer(si)))
	if errno != 0 {
		return errno
	}
	return nil
}

// QueueThread does so for one thread.
func QueueThread(pid, tid int, si *SigInfo) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(pid), uintptr(tid), uintptr(si.Signal()), uintptr(unsafe.Pointer(si)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// Signal is the number of the signal.
func (si *SigInfo) Signal() int { return int(*(*int32)(unsafe.Pointer(&si[0]))) }

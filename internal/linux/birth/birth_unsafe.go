package birth

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ignore has the kernel ignore a signal behind the runtime's back: os/signal
// does not touch those that the runtime uses itself.
func ignore(s syscall.Signal) {
	wanted := [4]uint64{1} // SIG_IGN, no flags
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&wanted)), 0, 8, 0, 0)
}

package mem

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// vmRead returns how many bytes were copied. The vectors live on the stack, so
// a call allocates nothing.
func vmRead(pid int, addr uint64, b []byte) (int, unix.Errno) {
	return vm(unix.SYS_PROCESS_VM_READV, pid, addr, b)
}

func vmWrite(pid int, addr uint64, b []byte) (int, unix.Errno) {
	return vm(unix.SYS_PROCESS_VM_WRITEV, pid, addr, b)
}

func vm(call uintptr, pid int, addr uint64, b []byte) (int, unix.Errno) {
	if len(b) == 0 {
		return 0, 0
	}
	local := unix.Iovec{Base: &b[0], Len: uint64(len(b))}
	remote := unix.RemoteIovec{Base: uintptr(addr), Len: len(b)}
	n, _, errno := unix.Syscall6(call, uintptr(pid), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

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

func vmReadV(pid int, spans []Span) int  { return vmVector(unix.SYS_PROCESS_VM_READV, pid, spans) }
func vmWriteV(pid int, spans []Span) int { return vmVector(unix.SYS_PROCESS_VM_WRITEV, pid, spans) }

// vmVector copies at most maxVector spans and returns how many bytes were
// copied; why it stopped is found out by who tries the next byte.
func vmVector(call uintptr, pid int, spans []Span) int {
	local := make([]unix.Iovec, 0, len(spans))
	remote := make([]unix.RemoteIovec, 0, len(spans))
	for _, s := range spans {
		if len(s.Bytes) == 0 {
			continue
		}
		local = append(local, unix.Iovec{Base: &s.Bytes[0], Len: uint64(len(s.Bytes))})
		remote = append(remote, unix.RemoteIovec{Base: uintptr(s.Addr), Len: len(s.Bytes)})
	}
	if len(local) == 0 {
		return 0
	}
	n, _, errno := unix.Syscall6(call, uintptr(pid), uintptr(unsafe.Pointer(&local[0])), uintptr(len(local)), uintptr(unsafe.Pointer(&remote[0])), uintptr(len(remote)), 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

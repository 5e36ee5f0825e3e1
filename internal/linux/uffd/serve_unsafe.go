package uffd

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fill makes a call that fills pages; request[1] becomes the address of src, if
// there is one, and request[result] is where the kernel says how far it came.
func (u FD) fill(number uintptr, request []uint64, src []byte, result int) (int, unix.Errno) {
	if len(src) > 0 {
		request[1] = uint64(uintptr(unsafe.Pointer(&src[0])))
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(u), number, uintptr(unsafe.Pointer(&request[0])))
	runtime.KeepAlive(src)
	return max(0, int(int64(request[result]))), errno
}

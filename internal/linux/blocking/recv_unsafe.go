package blocking

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// recv is recv(2), which golang.org/x/sys/unix has only with room for an address.
func recv(fd int, into []byte, flags int) (int, unix.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(len(into)), uintptr(flags), 0, 0)
	return int(n), errno
}

package uffd

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FD is a userfaultfd of this process.
type FD int

// Open makes a userfaultfd for memory of this process and shakes hands for the
// features. Without UserModeOnly it needs CAP_SYS_PTRACE.
func Open(flags int, want Features) (FD, error) {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, uintptr(flags), 0, 0)
	if errno != 0 {
		return -1, fmt.Errorf("make userfaultfd: %w", errno)
	}
	u := FD(fd)
	if err := u.Ioctl(IoctlAPI, APIRequest(want)); err != nil {
		_ = u.Close() // nothing was done with it
		return -1, err
	}
	return u, nil
}

// Register watches a range, which may span several mappings.
func (u FD) Register(start, length uint64, mode uint64) error {
	return u.Ioctl(IoctlRegister, RegisterRequest(start, length, mode))
}

// Unregister ends the watching of a range. It fails with EINVAL, and does nothing, if something is
// mapped there by now that cannot be watched.
func (u FD) Unregister(start, length uint64) error {
	return u.Ioctl(IoctlUnregister, RangeRequest(start, length))
}

// Ioctl makes one of the calls above; the kernel writes its answer into request.
func (u FD) Ioctl(number uintptr, request []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(u), number, uintptr(unsafe.Pointer(&request[0])))
	if errno != 0 {
		return fmt.Errorf("userfaultfd request %#x: %w", number, errno)
	}
	return nil
}

// Close ends all watching.
func (u FD) Close() error {
	if err := unix.Close(int(u)); err != nil {
		return fmt.Errorf("close userfaultfd: %w", err)
	}
	return nil
}

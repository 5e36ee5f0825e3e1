// Package kcmp asks the kernel whether two processes share a resource.
//
// It only compares; what sharing means is for the caller. The kernel may lack
// the call (no CONFIG_KCMP): ErrUnknown then.
package kcmp

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ErrUnknown: the kernel does not tell.
var ErrUnknown = errors.New("this kernel cannot compare processes")

const resourceVM = 1 // KCMP_VM

// SameMemory tells whether two processes run in one address space. It needs
// the right to trace both. Two processes without memory (zombies, kernel
// threads) count as the same.
func SameMemory(a, b int) (bool, error) {
	r, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(a), uintptr(b), resourceVM, 0, 0, 0)
	switch errno {
	case 0:
		return r == 0, nil
	case unix.ENOSYS:
		return false, ErrUnknown
	}
	return false, fmt.Errorf("compare memory of processes %d and %d: %w", a, b, errno)
}

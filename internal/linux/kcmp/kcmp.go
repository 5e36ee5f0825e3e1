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

// What is compared: linux/kcmp.h.
const (
	resourceFile  = 0
	resourceVM    = 1
	resourceFiles = 2
)

// SameMemory tells whether two processes run in one address space. It needs
// the right to trace both. Two processes without memory (zombies, kernel
// threads) count as the same.
func SameMemory(a, b int) (bool, error) { return same("memory", resourceVM, a, b, 0, 0) }

// SameFiles tells whether two processes have one table of descriptors. It needs the right to trace both.
func SameFiles(a, b int) (bool, error) { return same("descriptors", resourceFiles, a, b, 0, 0) }

// SameFile tells whether two descriptors of two processes are of one description: what is opened once, and has
// one offset. It needs the right to trace both.
func SameFile(a, fdOfA, b, fdOfB int) (bool, error) {
	return same("a file", resourceFile, a, b, fdOfA, fdOfB)
}

func same(what string, resource, a, b, x, y int) (bool, error) {
	r, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(a), uintptr(b), uintptr(resource), uintptr(x), uintptr(y), 0)
	switch errno {
	case 0:
		return r == 0, nil
	case unix.ENOSYS:
		return false, ErrUnknown
	}
	return false, fmt.Errorf("compare %s of processes %d and %d: %w", what, a, b, errno)
}

package mem

import (
	"os"

	"golang.org/x/sys/unix"
)

// HasGuards tells whether this kernel has guard regions: madvise(2), MADV_GUARD_INSTALL.
func HasGuards() bool {
	b, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Munmap(b) }() // it is this function's own
	return unix.Madvise(b, unix.MADV_GUARD_INSTALL) == nil
}

// Package lease asks the kernel whether anybody can write to a file: a lease to read
// (fcntl(2), F_SETLEASE) is given only while nobody has the file open to write, nor
// mapped so that it can be written.
package lease

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Unwritten tells whether nobody can write to a file that is open to read now. The
// lease is given back at once: who opens the file to write in that moment waits for
// some microseconds, or fails with EWOULDBLOCK if it does not want to wait.
//
// An error means that it cannot be known: the file is of another owner (and
// CAP_LEASE is missing), or its file system gives no leases.
func Unwritten(file *os.File) (bool, error) {
	_, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == unix.EAGAIN {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lease: %w", err)
	}
	if _, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_UNLCK); err != nil {
		return false, fmt.Errorf("give a lease back: %w", err)
	}
	return true, nil
}

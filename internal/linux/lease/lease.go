// Package lease asks the kernel who has a file, by leases (fcntl(2), F_SETLEASE).
//
// One to read is given only while nobody has the file open to write, nor mapped so that it
// can be written. One to write is given only while nobody but the taker has it open or
// mapped at all; a descriptor that is on its way through a socket counts as well. It is the
// description that has a lease, whoever has a descriptor of it.
//
// Who opens the file afterwards waits until the lease is given back, by default 45 s at most
// (/proc/sys/fs/lease-break-time), or fails with EWOULDBLOCK if he does not want to
// wait; and this process gets SIGIO.
package lease

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Unwritten tells whether nobody can write to a file that is open to read now. The
// lease is given back at once: who opens the file to write in that moment waits for
// some microseconds.
//
// An error means that it cannot be known: the file is of another owner (and
// CAP_LEASE is missing), or its file system gives no leases.
func Unwritten(file *os.File) (bool, error) {
	err := TakeToRead(file)
	if errors.Is(err, ErrWritten) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, Return(file)
}

// ErrWritten: somebody can write to the file.
var ErrWritten = errors.New("it is open to be written")

// TakeToRead takes the lease to read of a file that is open to be read only: from now on
// nobody writes to it. ErrWritten: somebody could. Other errors are as with Unwritten.
func TakeToRead(file *os.File) error {
	err := set(file, unix.F_RDLCK)
	if errors.Is(err, unix.EAGAIN) {
		return ErrWritten
	}
	return err
}

// ErrHeld: somebody else has the file.
var ErrHeld = errors.New("another process has it open or mapped")

// Take takes the lease to write of a file that is open to be written: from now on nobody
// else has it. ErrHeld: somebody has. The file's open description must be the
// caller's alone, or of those who may have it.
func Take(file *os.File) error {
	err := set(file, unix.F_WRLCK)
	if errors.Is(err, unix.EAGAIN) {
		return ErrHeld
	}
	return err
}

// Return gives a lease back.
func Return(file *os.File) error { return set(file, unix.F_UNLCK) }

// Wanted tells whether somebody waits for a lease that was taken to write, or whether the
// kernel has given it away by now.
func Wanted(file *os.File) bool { return !has(file, unix.F_WRLCK) }

// WantedToWrite is Wanted for one that was taken to read.
func WantedToWrite(file *os.File) bool { return !has(file, unix.F_RDLCK) }

func has(file *os.File, kind int) bool {
	have, err := unix.FcntlInt(file.Fd(), unix.F_GETLEASE, 0)
	return err == nil && have == kind
}

func set(file *os.File, kind int) error {
	if _, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, kind); err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	return nil
}

// Package kernelfile reads files that the kernel makes up when they are read: of
// proc, and of control groups.
//
// os.ReadFile asks first whether such a file can be waited for, and how large
// it is: some ten calls where three do. A daemon reads twenty of them a second
// for as long as its node is up.
package kernelfile

import (
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"
)

// room is for most of these files; what is longer is read on.
const room = 4096

// Read returns the whole file. Errors are *fs.PathError, as those of os.ReadFile.
func Read(path string) ([]byte, error) { return ReadAtOnce(path, room) }

// ReadAtOnce is Read that asks for that many bytes at first: for files that are made up anew
// for each read, or are far from having as much as most.
func ReadAtOnce(path string, room int) ([]byte, error) {
	fd, err := retried(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	text := make([]byte, 0, room)
	for {
		if len(text) == cap(text) {
			text = slices.Grow(text, len(text))
		}
		n, err := retried(func() (int, error) { return unix.Read(fd, text[len(text):cap(text)]) })
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if n == 0 {
			return text, nil
		}
		text = text[:len(text)+n]
	}
}

// retried makes a call again that a signal has broken off, as the runtime's do.
func retried(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

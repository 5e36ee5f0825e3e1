package transport

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// HungUp tells of an error of a connection that says nothing but that the other side has gone, or has not come: it proves
// nothing against who that is. One that waited too long for its own turn looks like that, too.
func HungUp(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, unix.ECONNRESET, unix.EPIPE, os.ErrDeadlineExceeded} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

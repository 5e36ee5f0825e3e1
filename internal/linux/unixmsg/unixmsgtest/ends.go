// Package unixmsgtest makes connections for tests.
package unixmsgtest

import (
	"testing"

	"openmosix/internal/linux/unixmsg"

	"golang.org/x/sys/unix"
)

// Ends makes a connection of which both ends are in this process. They are closed with the test.
func Ends(t testing.TB) (one, other *unixmsg.Conn) {
	t.Helper()
	one, file, err := unixmsg.Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Cleanup(func() { _ = one.Close() })
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if other, err = unixmsg.FromFD(fd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return one, other
}

package unixmsg

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// shortly calls f with an address for path that fits into the 108 bytes of
// struct sockaddr_un: by way of the directory's descriptor.
func shortly(path string, f func(*unix.SockaddrUnix) error) error {
	dir, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	return f(&unix.SockaddrUnix{Name: fmt.Sprintf("/proc/self/fd/%d/%s", dir, filepath.Base(path))})
}

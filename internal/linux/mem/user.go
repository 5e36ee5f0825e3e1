package mem

import "golang.org/x/sys/unix"

// User is a Space seen with the rights of the process itself: memory it may
// not read or write is refused, as a system call of its own would be.
type User struct{ Space *Space }

// Read fills b from addr, or fails with EFAULT.
func (u User) Read(addr uint64, b []byte) error {
	n, err := u.Space.vmRead(addr, b)
	return whole(n, len(b), err)
}

// Write stores b at addr, or fails with EFAULT; some of b may have been stored.
func (u User) Write(addr uint64, b []byte) error {
	n, err := u.Space.vmWrite(addr, b)
	return whole(n, len(b), err)
}

func whole(n, want int, err error) error {
	if n == want {
		return nil
	}
	if err == unix.ESRCH {
		return err
	}
	return unix.EFAULT
}

package tracee

import (
	"openmosix/internal/linux/uffd"

	"golang.org/x/sys/unix"
)

// Userfault makes a userfaultfd of the process by a parked thread, out of the
// opened /dev/userfaultfd that the process holds as descriptor device: with that
// the faults that the kernel itself meets on the process's behalf are served too.
// The process does not hold it afterwards.
func (t *Thread) Userfault(device int, want uffd.Features) (uffd.FD, error) {
	fd, err := t.Must("userfaultfd", unix.SYS_IOCTL, uint64(device), uffd.NewFromDevice, unix.O_CLOEXEC|unix.O_NONBLOCK)
	if err != nil {
		return -1, err
	}
	return t.Proc.takeUserfaultfd(t.Must, fd, want)
}

// userfaultfd makes one by calls in the process, which does not hold it afterwards. Faults
// that the kernel meets on the process's behalf are not served: they fail.
func (p *Process) userfaultfd(call caller, want uffd.Features) (uffd.FD, error) {
	fd, err := call("userfaultfd", unix.SYS_USERFAULTFD, unix.O_CLOEXEC|uffd.UserModeOnly)
	if err != nil {
		return -1, err
	}
	return p.takeUserfaultfd(call, fd, want)
}

// takeUserfaultfd takes a new one from the process that holds it.
func (p *Process) takeUserfaultfd(call caller, its int64, want uffd.Features) (uffd.FD, error) {
	ours, err := Borrow(p.PID, int(its))
	if _, e := call("close", unix.SYS_CLOSE, uint64(its)); err == nil {
		err = e
	}
	if err != nil {
		return -1, err
	}
	u := uffd.FD(ours)
	if err := u.Ioctl(uffd.IoctlAPI, uffd.APIRequest(want)); err != nil {
		_ = u.Close() // nothing was done with it
		return -1, err
	}
	return u, nil
}

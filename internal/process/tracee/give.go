package tracee

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Give passes an open file, to be read only, into the process of a parked
// thread and returns its number there. Unlike opening it by name inside the
// process this works for files that were deleted, renamed, or that the process
// may not open any more.
func (t *Thread) Give(f *os.File) (int, error) {
	ro, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return -1, err
	}
	defer func() { _ = ro.Close() }()
	return t.Pass(ro)
}

// Pass is Give of a descriptor as it is.
func (t *Thread) Pass(f *os.File) (int, error) {
	if _, err := t.Must("make a socket pair", unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0, t.WindowAddr()); err != nil {
		return -1, err
	}
	pair := t.Get(0, 8)
	mine, its := uint64(le.Uint32(pair)), uint64(le.Uint32(pair[4:]))
	defer func() {
		_, _ = t.Call(unix.SYS_CLOSE, mine)
		_, _ = t.Call(unix.SYS_CLOSE, its)
	}()
	ours, err := Borrow(t.Proc.PID, int(mine))
	if err != nil {
		return -1, err
	}
	defer func() { _ = unix.Close(ours) }()
	if err := unix.Sendmsg(ours, []byte{1}, unix.UnixRights(int(f.Fd())), nil, 0); err != nil {
		return -1, fmt.Errorf("pass a descriptor: %w", err)
	}
	return t.Receive(its)
}

// Receive takes a descriptor that waits at a socket of the process.
func (t *Thread) Receive(socket uint64) (int, error) {
	const iovOff, dataOff, controlOff, controlLen = 64, 96, 128, 64
	w := t.WindowAddr()
	msg := make([]byte, 56) // struct msghdr
	le.PutUint64(msg[16:], w+iovOff)
	le.PutUint64(msg[24:], 1)
	le.PutUint64(msg[32:], w+controlOff)
	le.PutUint64(msg[40:], controlLen)
	iov := make([]byte, 16)
	le.PutUint64(iov, w+dataOff)
	le.PutUint64(iov[8:], 1)
	t.Put(0, msg)
	t.Put(iovOff, iov)
	if _, err := t.Must("receive a descriptor", unix.SYS_RECVMSG, socket, w, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT); err != nil {
		return -1, err
	}
	const noDescriptor = 40 // msg_controllen: the table is full
	if le.Uint64(t.Get(noDescriptor, 8)) < 20 {
		return -1, fmt.Errorf("receive a descriptor: %w", unix.EMFILE)
	}
	const fdOff = controlOff + 16 // behind struct cmsghdr
	return int(int32(le.Uint32(t.Get(fdOff, 4)))), nil
}

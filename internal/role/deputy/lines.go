package deputy

import (
	"errors"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A program that writes line by line into a pipe gets credit for it, as for a file (written.go). A write to a pipe that
// has room for it ends at once, and room only grows as long as nobody else writes. When all readers have gone until it
// is made here, it is as if they had gone right behind it: what was written is lost, and the next write meets that.

// pagesForCredit is how many pages a pipe must have. Half of them are given, in as many pieces as a quarter: each piece
// may leave a page of its own partly empty.
const pagesForCredit = 16

// writesAlone tells whether a descriptor leads to a pipe without a name that no other process writes to. Not of one that has
// made children, which it would have to be looked for again and again.
func (d *deputy) writesAlone(fd int) bool {
	p, s := d.p, &d.p.sharing
	if !d.p.OneThread() {
		return false
	}
	s.mu.Lock()
	alone := !s.given && d.tableAlone()
	s.mu.Unlock()
	if !alone {
		return false
	}
	its, inode := d.pipe(fd, unix.O_WRONLY)
	if its < 0 {
		return false
	}
	_ = unix.Close(its)
	d.relieve()
	return p.nobodyHas(inode, func(flags uint32) bool { return flags&unix.O_ACCMODE == unix.O_RDONLY })
}

// roomInPipe is what can certainly be written to a pipe: when it is empty, half of it.
func (d *deputy) roomInPipe(fd int) (m wire.CreditMsg) {
	its, inode := d.pipe(fd, unix.O_WRONLY)
	if its < 0 {
		return m
	}
	defer func() { _ = unix.Close(its) }()
	size, err := unix.FcntlInt(uintptr(its), unix.F_GETPIPE_SZ, 0)
	if err != nil || size < pagesForCredit*image.PageSize {
		return m
	}
	if there, err := unix.IoctlGetInt(its, unix.TIOCINQ); err != nil || there != 0 || !hasReader(its) {
		return m
	}
	return wire.CreditMsg{FD: fd, Bytes: min(size/2, creditBytes), Frames: pagesForCredit / 4, Time: wire.MaxCreditTime, Inode: inode}
}

// hasReader tells whether a write to a pipe would not fail.
func hasReader(its int) bool {
	fds := []unix.PollFd{{Fd: int32(its), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1 && fds[0].Revents == unix.POLLOUT
}

// wroteInPipe is wrote of a pipe. It does not wait in the kernel, which only the pipe's reader could end. What it gives is left to be
// written by the process itself.
func (d *deputy) wroteInPipe(m *wire.WroteMsg) (rest []byte) {
	its, err := tracee.Borrow(d.p.PID, m.FD)
	if err != nil {
		return m.Data
	}
	defer func() { _ = unix.Close(its) }()
	for data := m.Data; len(data) > 0; {
		n, err := unix.Pwritev2(its, [][]byte{data}, -1, unix.RWF_NOWAIT)
		switch {
		case n > 0:
			data = data[n:]
		case errors.Is(err, unix.EPIPE): // nobody reads any more
			return nil
		case errors.Is(err, unix.EAGAIN): // somebody has made it smaller
			if d.p.isDying() {
				return nil
			}
			d.relieve()
			time.Sleep(time.Millisecond)
		case !errors.Is(err, unix.EINTR):
			return data
		}
	}
	return nil
}

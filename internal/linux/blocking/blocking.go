// Package blocking has TCP connections whose reader waits in the kernel itself.
//
// In Go it waits in the runtime's poller: what comes wakes up the thread that waits in
// epoll, which wakes up another that is to look whether there is more to do, and this a
// third. A supervisor has one connection on which an answer comes every 100 microseconds;
// on a node with one CPU each waking takes that from who computes. Here the thread that wants
// what comes is the one that is woken up. It costs a thread, so it is not for who has
// many connections.
//
// The kernel also knows when there is enough (SO_RCVLOWAT, socket(7)): who needs half a
// megabyte is woken up once, and not for each segment.
//
// One goroutine at a time may read, and one write; any may close.
package blocking

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/gowatcher"

	"golang.org/x/sys/unix"
)

// Conn is such a connection.
type Conn struct {
	fd            int
	local, remote net.Addr
	until         atomic.Int64 // the deadline of writes in nanoseconds, 0: none

	needs int             // Needs; the reader's
	least int             // how much is to be there before a wait ends; the reader's
	turns gowatcher.Turns // the reader's

	mu     sync.Mutex
	users  int // calls under way
	closed bool
}

// From takes a connection over from Go, whose own is closed. Precondition: nobody uses it
// yet, and it has no deadline.
func From(c *net.TCPConn) (*Conn, error) {
	b := &Conn{local: c.LocalAddr(), remote: c.RemoteAddr(), needs: 1, least: 1}
	raw, err := c.SyscallConn()
	if err == nil {
		var failed error
		err = raw.Control(func(fd uintptr) { b.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
		err = errors.Join(err, failed)
	}
	if err != nil {
		return nil, fmt.Errorf("take a connection over: %w", err)
	}
	if err := unix.SetNonblock(b.fd, false); err != nil {
		_ = unix.Close(b.fd) // the connection is still c's
		return nil, fmt.Errorf("take a connection over: %w", err)
	}
	_ = c.Close() // a descriptor less; the connection has another
	return b, nil
}

// Needs tells that the next reads want so many bytes together: there is no need to be
// woken up before. It holds until it is said anew. The reader's.
func (b *Conn) Needs(bytes int) { b.needs = max(bytes, 1) }

func (b *Conn) Read(into []byte) (int, error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.leave()
	b.turns.Next(time.Now())
	for {
		// A read that takes what is there and waits for more would wait until that much
		// has come in addition: who needs much does not wait by reading.
		flags := 0
		if b.needs > 1 {
			flags = unix.MSG_DONTWAIT
		} else {
			b.wakeAt(1)
		}
		n, errno := recv(b.fd, into, flags)
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			b.wakeAt(b.needs)
			if err := b.await(unix.POLLIN, -1); err != nil {
				return 0, b.failed("read", err)
			}
		case errno != 0:
			return 0, b.failed("read", errno)
		case n == 0 && len(into) > 0:
			return 0, b.failed("read", io.EOF)
		default:
			return n, nil
		}
	}
}

// wakeAt tells the kernel how much is to be there before a wait ends. If there is no room for
// that it ends before: tcp_epollin_ready.
func (b *Conn) wakeAt(bytes int) {
	if bytes != b.least && unix.SetsockoptInt(b.fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes) == nil {
		b.least = bytes
	}
}

func (b *Conn) Write(from []byte) (int, error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.leave()
	for done := 0; ; {
		n, err := unix.SendmsgN(b.fd, from[done:], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		done += max(n, 0)
		if err == unix.EAGAIN {
			err = b.awaitRoom()
		}
		switch {
		case err != nil && err != unix.EINTR:
			return done, b.failed("write", err)
		case done == len(from):
			return done, nil
		}
	}
}

// awaitRoom waits until something can be written, or the time is over.
func (b *Conn) awaitRoom() error {
	limit := -1
	if until := b.until.Load(); until != 0 {
		left := time.Until(time.Unix(0, until))
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		limit = int(left.Milliseconds()) + 1
	}
	return b.await(unix.POLLOUT, limit)
}

func (b *Conn) await(events int16, milliseconds int) error {
	_, err := unix.Poll([]unix.PollFd{{Fd: int32(b.fd), Events: events}}, milliseconds)
	if err == unix.EINTR {
		return nil
	}
	return err
}

// failed is what a call says that did not do what it was to do.
func (b *Conn) failed(call string, err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return net.ErrClosed
	case err == io.EOF || err == os.ErrDeadlineExceeded:
		return err
	}
	return &net.OpError{Op: call, Net: "tcp", Source: b.local, Addr: b.remote, Err: os.NewSyscallError(call, err)}
}

func (b *Conn) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return net.ErrClosed
	}
	b.users++
	return nil
}

func (b *Conn) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.closed && b.users == 0 {
		_ = unix.Close(b.fd) // it has been shut down
	}
}

// Close ends calls that wait; the last of them closes the descriptor.
func (b *Conn) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return net.ErrClosed
	}
	b.closed = true
	if b.users == 0 {
		return unix.Close(b.fd)
	}
	return unix.Shutdown(b.fd, unix.SHUT_RDWR)
}

// Control has f look at the descriptor, which stays open meanwhile.
func (b *Conn) Control(f func(fd uintptr)) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.leave()
	f(uintptr(b.fd))
	return nil
}

// LocalAddr is the address at this side.
func (b *Conn) LocalAddr() net.Addr { return b.local }

// RemoteAddr is the address at the other side.
func (b *Conn) RemoteAddr() net.Addr { return b.remote }

// SetWriteDeadline is for writes that begin to wait after it.
func (b *Conn) SetWriteDeadline(t time.Time) error {
	until := int64(0)
	if !t.IsZero() {
		until = t.UnixNano()
	}
	b.until.Store(until)
	return nil
}

// SetReadDeadline knows none: who reads waits until the connection ends.
func (b *Conn) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return fmt.Errorf("set a deadline of reads: %w", errors.ErrUnsupported)
}

// SetDeadline is both of them.
func (b *Conn) SetDeadline(t time.Time) error {
	return errors.Join(b.SetReadDeadline(t), b.SetWriteDeadline(t))
}

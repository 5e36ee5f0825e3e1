// Package unixmsg carries messages with open files between two processes of
// one machine: a SOCK_SEQPACKET socket pair on which each packet is one JSON
// value, with up to MaxFiles descriptors attached to it.
//
// It knows nothing of what the messages mean. It is not for the network: both
// ends are on this machine, yet neither end trusts the other's sizes, because
// one of them may be an unprivileged process.
//
// Ownership: Send leaves the files with the caller, who closes them after it.
// Recv hands new files to the caller. Send may be called from any goroutine;
// Recv by one at a time.
package unixmsg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// MaxPacket bounds one message.
	MaxPacket = 1 << 20
	// MaxFiles bounds the descriptors of one message. The kernel's own bound
	// (SCM_MAX_FD) is 253.
	MaxFiles = 16
)

// ErrTooBig is returned by Send for a message over MaxPacket.
var ErrTooBig = errors.New("message is larger than a packet may be")

// Conn is one end of a pair.
type Conn struct {
	file *os.File
	recv sync.Mutex
	buf  []byte
}

// Pair makes both ends. The child's end is given to a process that is about to
// be started; the caller closes its copy after the start.
func Pair() (*Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make socket pair: %w", err)
	}
	for _, fd := range fds {
		enlarge(fd)
	}
	child := os.NewFile(uintptr(fds[1]), "unixmsg child")
	conn, err := FromFD(fds[0])
	if err != nil {
		unix.Close(fds[0])
		child.Close()
		return nil, nil, err
	}
	return conn, child, nil
}

// enlarge makes room for the largest packet. A packet that does not fit in the
// send buffer as a whole is refused by the kernel (EMSGSIZE), so a failure here
// shows in Send; nothing is to be done about it now.
func enlarge(fd int) {
	const room = MaxPacket + 64<<10
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, room) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, room)
	}
}

// FromFD makes a Conn of an inherited descriptor and owns it from then on. The
// descriptor is made close-on-exec: what this process starts must not hold the
// socket open after its death.
func FromFD(fd int) (*Conn, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d is no socket: %w", fd, err)
	}
	if kind != unix.SOCK_SEQPACKET {
		return nil, fmt.Errorf("descriptor %d is a socket of type %d, not SOCK_SEQPACKET", fd, kind)
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("set descriptor %d non-blocking: %w", fd, err)
	}
	return &Conn{file: os.NewFile(uintptr(fd), "unixmsg")}, nil
}

// Send sends v and the files as one packet. The packet arrives whole or not at
// all. It waits while the other side's queue is full.
func (c *Conn) Send(v any, files ...*os.File) error {
	if len(files) > MaxFiles {
		return fmt.Errorf("send message: %d files, at most %d fit in a packet", len(files), MaxFiles)
	}
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	if len(body) > MaxPacket {
		return fmt.Errorf("send message of %d bytes: %w", len(body), ErrTooBig)
	}
	err = withFDs(files, func(fds []int) error {
		var oob []byte
		if len(fds) > 0 {
			oob = unix.UnixRights(fds...)
		}
		return c.write(body, oob)
	})
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

func (c *Conn) write(body, oob []byte) error {
	raw, err := c.file.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(fd uintptr) bool {
		for {
			sent = unix.Sendmsg(int(fd), body, oob, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
			if sent != unix.EINTR {
				return sent != unix.EAGAIN
			}
		}
	})
	return errors.Join(err, sent)
}

// withFDs calls f with the descriptors of the files, which stay open and keep
// their blocking mode meanwhile (os.File.Fd would change it).
func withFDs(files []*os.File, f func([]int) error) error {
	return collect(files, make([]int, 0, len(files)), f)
}

func collect(files []*os.File, fds []int, f func([]int) error) error {
	if len(files) == 0 {
		return f(fds)
	}
	raw, err := files[0].SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		inner = collect(files[1:], append(fds, int(fd)), f)
	})
	return errors.Join(err, inner)
}

// Recv waits for one packet and decodes it into v. It returns io.EOF when the
// other side has closed. On any other error the attached files are closed.
func (c *Conn) Recv(v any) ([]*os.File, error) {
	c.recv.Lock()
	defer c.recv.Unlock()
	n, files, err := c.read()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(c.buf[:n], v); err != nil {
		closeAll(files)
		return nil, fmt.Errorf("decode message: %w", err)
	}
	return files, nil
}

// SetReadDeadline bounds the Recv under way and later ones; a zero time takes
// the bound away.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.file.SetReadDeadline(t) }

// SetWriteDeadline bounds Send in the same way.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.file.SetWriteDeadline(t) }

// Close closes this end; a Recv that waits returns an error.
func (c *Conn) Close() error { return c.file.Close() }

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// eof tells the end of the conversation from an empty packet, which nobody
// sends: both give zero bytes.
func eof(n, oobn int) error {
	if n == 0 && oobn == 0 {
		return io.EOF
	}
	return nil
}

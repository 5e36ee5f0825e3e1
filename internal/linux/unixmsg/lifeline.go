package unixmsg

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// sendLimit bounds a Lifeline's Send: the other side may have hung.
const sendLimit = 5 * time.Second

// Lifeline is a Conn that outlives the process at its other end: a successor
// of that process may connect to the listener that came with it.
type Lifeline struct {
	listener net.Listener // nil: nobody can come

	mu   sync.Mutex
	conn *Conn
}

// NewLifeline owns conn and the listening socket behind fd; no socket there
// means that no successor can come.
func NewLifeline(conn *Conn, fd int) *Lifeline {
	l := &Lifeline{conn: conn}
	if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_SEQPACKET {
		return l
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "lifeline")
	defer f.Close()
	l.listener, _ = net.FileListener(f) // nil on an error
	return l
}

func (l *Lifeline) current() *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

// Send is Conn.Send with a limit of time.
func (l *Lifeline) Send(v any, files ...*os.File) error {
	c := l.current()
	if err := c.SetWriteDeadline(time.Now().Add(sendLimit)); err != nil {
		return err
	}
	return c.Send(v, files...)
}

// Recv is Conn.Recv.
func (l *Lifeline) Recv(v any) ([]*os.File, error) { return l.current().Recv(v) }

// Rejoin waits for a successor, which must be root's. It is called after Recv
// has failed.
func (l *Lifeline) Rejoin() error {
	if l.listener == nil {
		return errors.New("nobody can connect")
	}
	for {
		in, err := l.listener.Accept()
		if err != nil {
			return fmt.Errorf("wait for a successor: %w", err)
		}
		conn, err := adopt(in)
		if err != nil {
			continue // not root, or gone again
		}
		l.mu.Lock()
		old := l.conn
		l.conn = conn
		l.mu.Unlock()
		_ = old.Close()
		return nil
	}
}

// adopt takes over an accepted connection of root.
func adopt(in net.Conn) (*Conn, error) {
	defer in.Close()
	raw, err := in.(*net.UnixConn).SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var inner error
	err = raw.Control(func(s uintptr) {
		cred, err := unix.GetsockoptUcred(int(s), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err == nil && cred.Uid != 0 {
			err = unix.EPERM
		}
		if err == nil {
			fd, err = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
		}
		inner = err
	})
	if err = errors.Join(err, inner); err != nil {
		return nil, err
	}
	enlarge(fd)
	return FromFD(fd)
}

// Listen makes a socket for a Lifeline, to be given to a process that is about
// to be started. The path may be of any length.
func Listen(path string) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	err = shortly(path, func(a *unix.SockaddrUnix) error { return unix.Bind(fd, a) })
	if err == nil {
		err = unix.Listen(fd, 1)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Connect reaches a process by its Lifeline.
func Connect(path string) (*Conn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	if err := shortly(path, func(a *unix.SockaddrUnix) error { return unix.Connect(fd, a) }); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("connect to %s: %w", path, err)
	}
	enlarge(fd)
	return FromFD(fd)
}

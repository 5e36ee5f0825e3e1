package unixmsg

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// read takes one packet into c.buf. The length is asked for first (MSG_PEEK
// with MSG_TRUNC gives the packet's real length), so that a quiet socket does
// not keep a megabyte.
func (c *Conn) read() (int, []*os.File, error) {
	raw, err := c.file.SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	var (
		n     int
		files []*os.File
		inner error
	)
	err = raw.Read(func(fd uintptr) bool {
		n, files, inner = c.take(int(fd))
		return !errors.Is(inner, unix.EAGAIN)
	})
	if err != nil {
		closeAll(files)
		return 0, nil, err
	}
	return n, files, inner
}

func (c *Conn) take(fd int) (int, []*os.File, error) {
	length, err := retry(func() (int, error) {
		n, _, err := unix.Recvfrom(fd, nil, unix.MSG_PEEK|unix.MSG_TRUNC|unix.MSG_DONTWAIT)
		return n, err
	})
	if err != nil {
		return 0, nil, err
	}
	if length > MaxPacket {
		// Leave it unread: the conversation is over.
		return 0, nil, fmt.Errorf("receive message of %d bytes: %w", length, ErrTooBig)
	}
	if length > len(c.buf) {
		c.buf = make([]byte, max(length, 4096))
	}
	oob := make([]byte, unix.CmsgSpace(4*MaxFiles))
	var oobn, flags int
	n, err := retry(func() (n int, err error) {
		n, oobn, flags, _, err = unix.Recvmsg(fd, c.buf, oob, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
		return n, err
	})
	if err != nil {
		return 0, nil, err
	}
	files, err := rights(oob[:oobn])
	if err == nil && flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		err = errors.New("receive message: cut short by the kernel (too many files, or this process has too many open)")
	}
	if err == nil {
		err = eof(n, oobn)
	}
	if err != nil {
		closeAll(files)
		return 0, nil, err
	}
	return n, files, nil
}

// rights turns control messages into files. Whatever came in before an error
// is returned with it, to be closed.
func rights(oob []byte) ([]*os.File, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("parse control message: %w", err)
	}
	var files []*os.File
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SCM_RIGHTS {
			continue
		}
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return files, fmt.Errorf("parse descriptors: %w", err)
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

// retry repeats a call that a signal interrupted, or that was told of a peer
// which ended without reading everything: the kernel reports that once, before
// it gives out the packets which the peer had still sent.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR && err != unix.ECONNRESET {
			return n, err
		}
	}
}

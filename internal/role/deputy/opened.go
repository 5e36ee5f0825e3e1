package deputy

import (
	"errors"
	"fmt"
	"os"

	"openmosix/internal/linux/pidfd"
	"openmosix/internal/model/names"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// opened opens for a process what its guest's side has opened by itself, as it was
// told it could. There is no reply: what was said to the program has to be made true.
func (d *deputy) opened(j job) {
	defer d.behinds.Add(-1)
	var m wire.OpenedMsg
	if err := wire.Decode(j.data, &m); err != nil || !names.Clean(m.Path) || m.FD < 0 || m.Offset > 1<<62 {
		d.p.s.log.Warn("bad word of an open file", "thread", d.t.Own, "error", err)
		return
	}
	if _, opens := names.OpensToRead(unix.SYS_OPEN, [6]uint64{0, m.Flags}); !opens {
		d.p.s.log.Warn("bad word of an open file", "thread", d.t.Own, "flags", m.Flags)
		return
	}
	err := d.openAgain(&m)
	if err != nil {
		err = d.handOver(&m, err)
	}
	if err == nil && m.Offset > 0 {
		_, err = d.t.Call(unix.SYS_LSEEK, uint64(m.FD), m.Offset, unix.SEEK_SET)
	}
	if err != nil {
		d.p.s.log.Error("a process has to be killed: a file that it has open cannot be opened at home", "pid", d.p.PID, "path", m.Path, "error", err)
		kill(d.p.PID)
	}
}

// openAgain opens the file by its name.
func (d *deputy) openAgain(m *wire.OpenedMsg) error {
	path := append([]byte(m.Path), 0)
	copy(d.t.Slot.Window(), path)
	fd, err := d.t.Call(unix.SYS_OPEN, d.t.Slot.WindowAddr(), m.Flags)
	if err != nil {
		return err
	}
	if fd < 0 {
		return unix.Errno(-fd)
	}
	var st unix.Stat_t
	if err := unix.Stat(d.p.Family.FS.Path(d.p.PID, fmt.Sprintf("fd/%d", fd)), &st); err != nil || st.Dev != m.Dev || st.Ino != m.Inode {
		_, _ = d.t.Call(unix.SYS_CLOSE, uint64(fd))
		return errors.Join(errors.New("it is another file now"), err)
	}
	if int(fd) != m.FD {
		_, _ = d.t.Call(unix.SYS_CLOSE, uint64(fd))
		return fmt.Errorf("it would get the number %d, not %d", fd, m.FD)
	}
	return nil
}

// handOver gives the process the file that was told of, which has changed or lost
// its name in the meantime: a description that the supervisor opens anew by its own.
func (d *deputy) handOver(m *wire.OpenedMsg, why error) error {
	own := d.p.s.naming.openFile(m)
	if own == nil {
		return why
	}
	defer own.Close()
	slot := d.t.Slot
	const at = stub.WindowSize - 4096
	ends := slot.WindowAddr() + at
	if ret, err := d.t.Call(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0, ends); err != nil || ret < 0 {
		return fmt.Errorf("make a pair of sockets: %d, %w", ret, err)
	}
	its, ours := uint64(le.Uint32(slot.Window()[at:])), uint64(le.Uint32(slot.Window()[at+4:]))
	var got uint64
	err := sendInto(d.p.PID, int(ours), own)
	if err == nil {
		got, err = d.receive(its)
	}
	_, _ = d.t.Call(unix.SYS_CLOSE, its) // one of them may have the file's number
	_, _ = d.t.Call(unix.SYS_CLOSE, ours)
	if err != nil {
		return err
	}
	flags := m.Flags & unix.O_CLOEXEC
	if ret, err := d.t.Call(unix.SYS_DUP3, got, uint64(m.FD), flags); err != nil || ret < 0 {
		return fmt.Errorf("give a file its number: %d, %w", ret, err)
	}
	_, err = d.t.Call(unix.SYS_CLOSE, got)
	return err
}

// sendInto puts a descriptor into the queue of one of a process's sockets.
func sendInto(pid, socket int, file *os.File) error {
	p, err := pidfd.Open(pid)
	if err != nil {
		return err
	}
	defer p.Close()
	end, err := p.GetFD(socket)
	if err != nil {
		return err
	}
	defer unix.Close(end)
	return unix.Sendmsg(end, []byte{0}, unix.UnixRights(int(file.Fd())), nil, 0)
}

// receive takes a descriptor from a socket of the process (recvmsg(2)).
func (d *deputy) receive(socket uint64) (uint64, error) {
	slot := d.t.Slot
	const at, iov, control, data = stub.WindowSize - 4096, stub.WindowSize - 4000, stub.WindowSize - 3900, stub.WindowSize - 3800
	w, base := slot.Window(), slot.WindowAddr()
	clear(w[at:])
	le.PutUint64(w[iov:], base+data)
	le.PutUint64(w[iov+8:], 1)
	le.PutUint64(w[at+16:], base+iov) // struct msghdr: name, its length, iov, how many, control, its length, flags
	le.PutUint64(w[at+24:], 1)
	le.PutUint64(w[at+32:], base+control)
	le.PutUint64(w[at+40:], uint64(unix.CmsgSpace(4)))
	ret, err := d.t.Call(unix.SYS_RECVMSG, socket, base+at, unix.MSG_DONTWAIT)
	if err != nil || ret != 1 {
		return 0, fmt.Errorf("receive a file: %d, %w", ret, err)
	}
	rights, err := unix.ParseSocketControlMessage(w[control : control+unix.CmsgSpace(4)])
	if err != nil || len(rights) != 1 {
		return 0, errors.Join(errors.New("no file was received"), err)
	}
	fds, err := unix.ParseUnixRights(&rights[0])
	if err != nil || len(fds) != 1 {
		return 0, errors.Join(errors.New("no file was received"), err)
	}
	return uint64(fds[0]), nil
}

// openFile opens anew the file that was told by this path, whatever has become of
// the name; nil: it is not known any more.
func (n *naming) openFile(m *wire.OpenedMsg) *os.File {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.readables.left
	if f := n.readables.files[m.Path]; f != nil {
		all = append(all[:len(all):len(all)], f)
	}
	for _, f := range all {
		if f.path != m.Path || f.stat.Dev != m.Dev || f.stat.Ino != m.Inode {
			continue
		}
		file, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.file.Fd()), int(m.Flags&^unix.O_CLOEXEC), 0)
		if err == nil {
			return file
		}
	}
	return nil
}

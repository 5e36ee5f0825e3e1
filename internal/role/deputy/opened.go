package deputy

import (
	"errors"
	"fmt"

	"openmosix/internal/model/names"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// opened opens for a process what its guest's side has opened by itself, as it was
// told it could. There is no reply: what was said to the program has to be made true.
func (d *deputy) opened(j job) {
	defer d.behinds.Add(-1)
	var m wire.OpenedMsg
	if err := wire.Decode(j.data, &m); err != nil || !names.Clean(m.Path) || m.FD < 0 || m.Offset > 1<<62 {
		j.link.complain("bad word of an open file", "thread", d.t.Own, "error", err)
		return
	}
	if _, opens := names.OpensToRead(unix.SYS_OPEN, [6]uint64{0, m.Flags}); !opens {
		j.link.complain("bad word of an open file", "thread", d.t.Own, "flags", m.Flags)
		return
	}
	d.p.sharing.opens(m.FD, d.p.sharing.begins(unix.SYS_OPEN))
	err := d.openAgain(&m)
	if err != nil && !errors.Is(err, tracee.ErrGone) {
		err = d.handOver(&m, err)
	}
	if err == nil && m.Offset > 0 {
		_, err = d.t.Call(unix.SYS_LSEEK, uint64(m.FD), m.Offset, unix.SEEK_SET)
	}
	if errors.Is(err, tracee.ErrGone) {
		return // the process has ended, or another of its threads has executed a program
	}
	if err != nil {
		d.p.s.log.Error("a process has to be killed: a file that it has open cannot be opened at home", "pid", d.p.PID, "path", m.Path, "error", err)
		kill(d.p.PID)
	}
}

// openAgain opens the file by its name.
func (d *deputy) openAgain(m *wire.OpenedMsg) error {
	fd, err := d.t.Call(unix.SYS_OPEN, d.t.Put(0, append([]byte(m.Path), 0)), m.Flags)
	if err != nil {
		return err
	}
	if fd < 0 {
		return unix.Errno(-fd)
	}
	var st unix.Stat_t
	if err := unix.Stat(d.p.descriptor(int(fd)), &st); err != nil || st.Dev != m.Dev || st.Ino != m.Inode {
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
	own := d.p.s.naming.Open(m)
	if own == nil {
		return why
	}
	defer own.Close()
	got, err := d.t.Give(own)
	if err != nil {
		return err
	}
	// It cannot be the file's own number: the lowest free one is taken by a socket meanwhile.
	if ret, err := d.t.Call(unix.SYS_DUP3, uint64(got), uint64(m.FD), m.Flags&unix.O_CLOEXEC); err != nil || ret < 0 {
		return fmt.Errorf("give a file its number: %d, %w", ret, err)
	}
	if _, err := d.t.Call(unix.SYS_CLOSE, uint64(got)); err != nil {
		return err
	}
	_, err = d.t.Call(unix.SYS_FCNTL, uint64(m.FD), unix.F_SETFL, m.Flags)
	return err
}

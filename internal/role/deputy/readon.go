package deputy

import (
	"fmt"

	"openmosix/internal/linux/filestat"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// While a process uses one piece of a file that it reads from one end to the other,
// the next is on its way: its guest's side asks for that when the process begins with the
// newest that it has, and tells how far it has read.

// behind makes true what the guest's side has done by itself. There is no reply.
func (d *deputy) behind(j job) {
	defer d.behinds.Add(-1)
	m, err := wire.DecodeBehind(j.data)
	if err != nil {
		j.link.complain("bad word of a descriptor", "thread", d.t.Own, "error", err)
		return
	}
	if m.Bytes > 0 {
		d.goOn(j, &m)
		return
	}
	if m.Pipe {
		d.takesOut(j, &m)
		return
	}
	fd := uint64(m.FD)
	if m.Read { // the time of access, as the process's own read would have set it
		_, _ = d.t.Call(unix.SYS_PREAD64, fd, d.t.WindowAddr(), 1, 0)
	}
	switch {
	case m.Close:
		_, _ = d.t.Call(unix.SYS_CLOSE, fd)
		d.writes.closes(m.FD)
		d.p.sharing.closes(m.FD)
	case m.Seek:
		_, _ = d.t.Call(unix.SYS_LSEEK, fd, m.Offset, unix.SEEK_SET)
		d.stands(&m)
	}
}

// stands notes how far the process has read by itself.
func (d *deputy) stands(m *wire.BehindMsg) {
	if d.reads.fd == m.FD && d.reads.at >= 0 {
		d.reads.at = int64(m.Offset)
	}
}

// goOn makes true what the process has read by itself, and sends the piece that it needs
// next. There is an answer in any case, since a read may wait for it. What is said
// for the process meanwhile gets there before the piece, which then is not used.
func (d *deputy) goOn(j job, m *wire.BehindMsg) {
	f := wire.AheadFile{FD: m.FD, Continues: true, Offset: m.From}
	buf := d.p.s.pieces.take(m.Bytes)
	defer d.p.s.pieces.give(buf)
	n := 0
	var src *reading
	if d.hasAlone(m.FD) {
		src = d.reading(m.FD)
	}
	if src != nil {
		defer src.close()
		if m.Read {
			var one [1]byte
			_, _ = unix.Pread(src.its, one[:], 0) // as above, without waking the thread
		}
		if m.Seek {
			_, _ = unix.Seek(src.its, int64(m.Offset), unix.SEEK_SET)
		}
		d.stands(m)
		f.Stat = filestat.Bytes(&src.stat) // which file it is
		if got, err := d.pread(src.own, buf, int64(m.From), src.stat.Size); err == nil && d.p.plain.Load() {
			n, f.Complete = got, got < m.Bytes
		}
		d.reads.from, d.reads.sent, d.reads.step = int64(m.From), int64(m.From)+int64(n), m.Bytes
	} else if m.Seek {
		_, _ = d.t.Call(unix.SYS_LSEEK, uint64(m.FD), m.Offset, unix.SEEK_SET)
	}
	_ = j.link.send(wire.Ahead, d.t.Own, f.Head(), buf[:n])
}

// reading is a file that is read ahead: by the process's own description, and by one
// of ours that leaves no trace.
type reading struct {
	its, own int
	flags    int // of its
	stat     unix.Stat_t
	fs       int64 // the kind of file system
}

func (src *reading) close() {
	_ = unix.Close(src.its)
	if src.own >= 0 {
		_ = unix.Close(src.own)
	}
}

// reading is what a descriptor leads to; nil if that is not to be read ahead.
func (d *deputy) reading(fd int) *reading {
	src := d.looksAt(fd)
	if src != nil && !src.opens() {
		src.close()
		return nil
	}
	return src
}

// looksAt is what a descriptor leads to; nil if that is neither a file nor a directory, or on a file system where asking may
// have an effect.
func (d *deputy) looksAt(fd int) *reading {
	// Who shares its descriptors may have put another one in this one's place, which the
	// process cannot read: what was opened is looked at, not what has its number.
	its, err := tracee.Borrow(d.p.PID, fd)
	if err != nil {
		return nil
	}
	src := &reading{its: its, own: -1}
	src.flags, err = unix.FcntlInt(uintptr(its), unix.F_GETFL, 0)
	var fs unix.Statfs_t
	if err != nil || src.flags&unix.O_PATH != 0 || unix.Fstat(its, &src.stat) != nil || unix.Fstatfs(its, &fs) != nil || !filestat.Local(int64(fs.Type)) {
		src.close()
		return nil
	}
	shared := d.p.s.joint.guards.Shows(d.p.caller(d.t.TID), fd) // its pages may be elsewhere
	if kind := src.stat.Mode & unix.S_IFMT; shared || kind != unix.S_IFREG && kind != unix.S_IFDIR {
		src.close()
		return nil
	}
	src.fs = int64(fs.Type)
	return src
}

// opens opens what is to be read ahead a second time. False: it is nothing that could be.
func (src *reading) opens() bool {
	// Past the kernel's cache not everything can be read.
	if src.flags&unix.O_ACCMODE == unix.O_WRONLY || src.flags&unix.O_DIRECT != 0 || src.stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return false
	}
	var err error
	src.own, err = unix.Open(fmt.Sprintf("/proc/self/fd/%d", src.its), unix.O_RDONLY|unix.O_NOATIME|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	return err == nil
}

package deputy

import (
	"fmt"
	"os"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// After a process has opened a file it usually asks for its state, reads it and
// closes it; after it has read a piece, it usually reads the next. These calls are
// made here beforehand, in that order and right behind the one that was asked for,
// and their results go ahead of its reply. The guest's side gives them out as
// long as it hears nothing else for the process, and only for a moment: it is as
// if the process had made the calls at once. What it did not use is forgotten; what
// it used is made true here, before its next call (Behind).
//
// Only for a process of one thread, and for files on local file systems: elsewhere, a
// read may wait or have an effect. Read by a description of our own that leaves
// the times of access alone.

const (
	wholeFile = 32 << 10 // files up to this go as a whole when they are opened
	beginning = 4 << 10  // of others this much
	firstStep = 64 << 10 // ahead of a sequential read, doubled each time
	lastStep  = 512 << 10
)

// sequence is how a deputy's thread reads. The goroutine's own.
type sequence struct {
	fd   int
	step int // bytes sent ahead the last time, 0: it is the first read
}

// sendAhead sends what the process is going to ask for after this call.
func (d *deputy) sendAhead(j job, c *syscalls.Call, ret int64) {
	switch {
	case ret < 0 || !d.p.plain.Load():
		return
	case opensToRead(c):
		d.reads = sequence{fd: int(ret)}
		d.ahead(j, int(ret), 0, beginning, true)
	case c.Nr == unix.SYS_READ && ret > 0 && uint64(ret) == c.Args[2]:
		d.afterRead(j, int(int32(c.Args[0])))
	}
}

func opensToRead(c *syscalls.Call) bool {
	flags, opens := openFlags(c)
	const others = unix.O_ACCMODE | unix.O_PATH | unix.O_DIRECTORY | unix.O_TRUNC | unix.O_CREAT | unix.O_DIRECT | unix.O_ASYNC
	return opens && flags&others == 0 // which is O_RDONLY
}

// openFlags are the flags with which a call opens a file, if it does.
func openFlags(c *syscalls.Call) (flags uint64, opens bool) {
	switch c.Nr {
	case unix.SYS_OPEN:
		return c.Args[1], true
	case unix.SYS_OPENAT:
		return c.Args[2], true
	case unix.SYS_CREAT:
		return unix.O_CREAT | unix.O_WRONLY | unix.O_TRUNC, true
	}
	return 0, false
}

// descriptor is where a descriptor of the process is found in proc.
func (p *proc) descriptor(fd int) string { return p.Family.FS.Path(p.PID, fmt.Sprintf("fd/%d", fd)) }

func (d *deputy) afterRead(j job, fd int) {
	if d.reads.fd != fd {
		d.reads = sequence{fd: fd}
		return
	}
	d.reads.step = min(max(firstStep, 2*d.reads.step), lastStep)
	at, err := d.t.Call(unix.SYS_LSEEK, uint64(fd), 0, unix.SEEK_CUR)
	if err == nil && at > 0 {
		d.ahead(j, fd, at, d.reads.step, false)
	}
}

func (d *deputy) ahead(j job, fd int, at int64, bytes int, opened bool) {
	if len(d.p.Threads()) != 1 {
		return
	}
	// Who shares its descriptors may have put another one in this one's place, which the
	// process cannot read: what was opened is looked at, not what has its number.
	its, err := tracee.Borrow(d.p.PID, fd)
	if err != nil {
		return
	}
	defer func() { _ = unix.Close(its) }()
	flags, err := unix.FcntlInt(uintptr(its), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_PATH != 0 || flags&unix.O_ACCMODE == unix.O_WRONLY {
		return
	}
	name := fmt.Sprintf("/proc/self/fd/%d", its)
	var st unix.Stat_t
	var fs unix.Statfs_t
	if unix.Stat(name, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || unix.Statfs(name, &fs) != nil || !local[int64(fs.Type)] {
		return
	}
	own, err := unix.Open(name, unix.O_RDONLY|unix.O_NOATIME|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	file := os.NewFile(uintptr(own), name)
	defer file.Close()
	if opened && st.Size <= wholeFile {
		bytes = wholeFile + 1
	}
	if cap(d.buffer) < bytes {
		d.buffer = make([]byte, bytes)
	}
	n, err := unix.Pread(own, d.buffer[:bytes], at)
	if err != nil || n < 0 {
		return
	}
	f := wire.AheadFile{FD: fd, Complete: n < bytes, HasStat: opened, Offset: uint64(at), Stat: statBytes(&st)}
	_ = j.link.conn.Along(wire.Ahead, uint64(uint32(d.t.Own)), f.Head(), d.buffer[:n])
}

// statBytes is the kernel's struct stat of x86-64: stat(2).
func statBytes(st *unix.Stat_t) []byte {
	b := make([]byte, 0, wire.StatSize)
	for _, v := range []uint64{st.Dev, st.Ino, st.Nlink} {
		b = le.AppendUint64(b, v)
	}
	for _, v := range []uint32{st.Mode, st.Uid, st.Gid, 0} {
		b = le.AppendUint32(b, v)
	}
	for _, v := range []int64{int64(st.Rdev), st.Size, st.Blksize, st.Blocks, st.Atim.Sec, st.Atim.Nsec, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec} {
		b = le.AppendUint64(b, uint64(v))
	}
	return b[:wire.StatSize]
}

// behind makes true what the guest's side has done by itself. There is no reply.
func (d *deputy) behind(j job) {
	defer d.behinds.Add(-1)
	m, err := wire.DecodeBehind(j.data)
	if err != nil || m.FD < 0 {
		d.p.s.log.Warn("bad word of a descriptor", "thread", d.t.Own, "error", err)
		return
	}
	fd := uint64(m.FD)
	if m.Read { // the time of access, as the process's own read would have set it
		_, _ = d.t.Call(unix.SYS_PREAD64, fd, d.t.Slot.WindowAddr(), 1, 0)
	}
	switch {
	case m.Close:
		_, _ = d.t.Call(unix.SYS_CLOSE, fd)
		delete(d.writes.own, m.FD)
	case m.Seek:
		_, _ = d.t.Call(unix.SYS_LSEEK, fd, m.Offset, unix.SEEK_SET)
	}
}

// isPlain tells whether a process sees the ids of users as this supervisor does.
func (s *Supervisor) isPlain(pid int) bool {
	ns := s.linkOf(pid, "ns/user")
	return ns != "" && ns == s.linkOf(unix.Getpid(), "ns/user")
}

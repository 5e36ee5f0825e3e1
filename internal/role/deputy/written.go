package deputy

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/descriptors"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A program that writes one piece of a file after the other need not wait for home at
// each of them: home gives credit, within which writes end where it runs. Order is kept, since
// what was written goes home before anything else that the process says. Errors are
// kept by giving credit only where there can be none, as home sees it at that moment:
//
//   - the process has opened the file itself since it was placed at its execve, alone, neither to append
//     nor to wait for the disk, and has shared it with nobody; or that is how it turns out to be, when it has written
//     some times, of one that it was given, as a shell gives standard output, or has opened before it left;
//   - it is a regular file with a name (so nobody can have sealed it: memfd_create(2)), on a file system without quotas, that
//     has much more room than could be used up in the moment that it takes, for holes as well;
//   - the process's limit of file sizes is further away.
//
// Of what is written to /dev/null home need not hear at all.
//
// Should there be no room nevertheless, the process waits for it, as on a disk that stands still.

// writes is what is known of the files that a deputy's process writes. The goroutine's own.
type writes struct {
	own   map[int]bool // descriptors of files that it has opened to write
	last  int          // the one it wrote to last
	run   int          // how often one after the other
	given bool         // there is credit for it
	idle  int          // replies in a row that brought credit again of which nothing was used
	at    int64        // where it stands, if there is
	null  bool         // it is /dev/null, as far as that was looked at
	pipe  bool         // it is a pipe that no other process writes to: lines.go
	// twins are two numbers of such a file, the second of which it keeps when the first is closed, as dd(1) and others do
	// that want it to be their standard output; zero: there are none.
	twins [2]int
}

const (
	creditBytes  = 1 << 20
	creditFrames = 16
	// creditAfter so many writes: who writes once needs none. Of a file that it was given it is looked, in all processes,
	// who else has it.
	creditAfter = 2
	lookAfter   = 4
	pipeAfter   = 16
	// mostIdle is how many replies bring credit again of which nothing is used.
	mostIdle = 8
	// muchRoom is what a file system must have free for each muchTime that a credit holds: nobody
	// writes 10 GiB in a second.
	muchRoom = 1 << 30
	muchTime = 100 * time.Millisecond
	// roomAgain is how often it is tried whether there is room.
	roomAgain = 100 * time.Millisecond
)

// noQuotas are the file systems on which a write fails for want of room only, if
// the options of their mount do not say otherwise.
var noQuotas = map[int64]bool{unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.F2FS_SUPER_MAGIC: true, unix.TMPFS_MAGIC: true}

// noteWrites follows which files the process may be given credit for.
func (d *deputy) noteWrites(c *syscalls.Call, ret int64) {
	w := &d.writes
	switch c.Nr {
	case unix.SYS_OPEN, unix.SYS_OPENAT, unix.SYS_CREAT:
		if ret < 0 {
			return
		}
		delete(w.own, int(ret))
		if d.p.sharing.single() && opensToWrite(c) {
			if w.own == nil {
				w.own = make(map[int]bool)
			}
			w.own[int(ret)] = true
		}
	case unix.SYS_CLOSE:
		w.closes(int(int32(c.Args[0])))
	case unix.SYS_DUP2, unix.SYS_DUP3:
		from, to := int(int32(c.Args[0])), int(int32(c.Args[1]))
		own := w.own[from] && ret >= 0 && from != to
		if d.writes = (writes{}); own {
			d.writes.twins = [2]int{from, to}
		}
	case unix.SYS_DUP, unix.SYS_FCNTL, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_CLOSE_RANGE, unix.SYS_IO_URING_SETUP:
		d.writes = writes{}
	}
}

// closes: the number may be another file's.
func (w *writes) closes(fd int) {
	delete(w.own, fd)
	if t := w.twins; t != [2]int{} && (fd == t[0] || fd == t[1]) {
		w.twins = [2]int{}
		if w.own == nil {
			w.own = make(map[int]bool)
		}
		w.own[t[0]+t[1]-fd] = true
	}
	if w.last == fd {
		w.run, w.given, w.null, w.pipe = 0, false, false, false
	}
}

func opensToWrite(c *syscalls.Call) bool {
	flags, opens := openFlags(c)
	return opens && writesPlainly(flags)
}

// writesPlainly tells whether a file that is open so is written to piece by piece, without the disk being waited for.
func writesPlainly(flags uint64) bool {
	const never = unix.O_APPEND | unix.O_SYNC | unix.O_DSYNC | unix.O_DIRECT | unix.O_PATH | unix.O_ASYNC | unix.O_TMPFILE
	return flags&unix.O_ACCMODE != unix.O_RDONLY && flags&never == 0
}

// hasForItself tells whether a descriptor of which nothing else is known, as the process was given it or has opened it before it
// left, is one that a file could be written to by that it has opened itself.
func (d *deputy) hasForItself(fd int) bool {
	if !d.p.plain.Load() || !d.p.OneThread() {
		return false
	}
	its, err := tracee.Borrow(d.p.PID, fd)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(its) }()
	var st unix.Stat_t
	flags, err := unix.FcntlInt(uintptr(its), unix.F_GETFL, 0)
	return err == nil && unix.Fstat(its, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && writesPlainly(uint64(flags)) && d.hasAlone(fd)
}

// giveCredit sends credit ahead of the reply to a write, if it may be given. With the
// reply to another call that has nothing to do with it, it is given again: by that
// the process may hear that there is no room any more.
func (d *deputy) giveCredit(j job, c *syscalls.Call, ret int64) {
	w := &d.writes
	if c.Nr == unix.SYS_WRITE {
		w.given, w.idle = ret > 0 && uint64(ret) == c.Args[2] && d.mayHaveCredit(int(int32(c.Args[0]))), 0
	} else {
		w.given = w.again(c)
	}
	if !w.given {
		return
	}
	m := d.roomFor(w.last)
	if w.given = m.Bytes > 0; w.given {
		_ = j.link.conn.Along(wire.Credit, uint64(uint32(d.t.Own)), m.Append(nil), nil)
	}
}

// again tells whether the reply to a call that is no write is to bring credit again. Not for ever: what it takes to look
// whether there is room is most of what a short call takes here, and a program that has done writing makes many.
func (w *writes) again(c *syscalls.Call) bool {
	w.idle++
	return w.given && w.idle <= mostIdle && descriptors.KeepsEnd(c.Nr, c.Args, w.last)
}

// mayHaveCredit tells whether a descriptor that was written to may have some. Not of a process that tells others by memory
// that it shares with them: they are to find what it has written.
func (d *deputy) mayHaveCredit(fd int) bool {
	if d.p.sharesMemory() {
		return false
	}
	w := &d.writes
	if w.last != fd {
		w.last, w.run, w.null, w.pipe = fd, 0, false, false
	}
	if w.run++; w.run == creditAfter {
		w.null = isNull(d.p.descriptor(fd))
	}
	if w.run >= creditAfter && w.null {
		return d.p.plain.Load() && d.p.OneThread()
	}
	if w.run == pipeAfter && !w.own[fd] {
		w.pipe = d.writesAlone(fd)
	}
	if w.pipe {
		return d.p.sharing.single() && d.p.plain.Load() && d.p.OneThread()
	}
	if w.run == lookAfter && !w.own[fd] && d.hasForItself(fd) {
		if w.own == nil {
			w.own = make(map[int]bool)
		}
		w.own[fd] = true
	}
	if w.run < creditAfter || !w.own[fd] || !d.p.sharing.single() || !d.p.plain.Load() || !d.p.OneThread() {
		return false
	}
	if (w.run == creditAfter || w.run == lookAfter) && hasQuotas(d.p.descriptor(fd)) {
		delete(w.own, fd)
		return false
	}
	if d.p.s.joint.guards.Shows(d.p.caller(d.t.TID), fd) {
		return false
	}
	var err error
	w.at, err = d.t.Call(unix.SYS_LSEEK, uint64(fd), 0, unix.SEEK_CUR)
	return err == nil && w.at >= 0
}

// roomFor is what can certainly be written next to a descriptor.
func (d *deputy) roomFor(fd int) (m wire.CreditMsg) {
	name := d.p.descriptor(fd)
	if d.writes.null {
		return wire.CreditMsg{FD: fd, Bytes: creditBytes, Time: wire.MaxCreditTime}
	}
	if d.writes.pipe {
		return d.roomInPipe(fd)
	}
	var st unix.Stat_t
	var fs unix.Statfs_t
	if unix.Stat(name, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink == 0 ||
		unix.Statfs(name, &fs) != nil || !noQuotas[int64(fs.Type)] {
		return m
	}
	holds := creditTime(fs.Bavail * uint64(fs.Bsize))
	if holds == 0 {
		return m
	}
	at := d.writes.at
	var limit unix.Rlimit
	if unix.Prlimit(d.p.PID, unix.RLIMIT_FSIZE, nil, &limit) != nil {
		return m
	}
	end := min(limit.Cur, 1<<40)
	return wire.CreditMsg{FD: fd, Bytes: int(min(creditBytes, end-min(uint64(at), end))), Frames: creditFrames, Time: holds, Dev: st.Dev, Inode: st.Ino}
}

// nullDevice is the number of /dev/null: null(4).
const nullDevice = 1<<8 | 3

// isNull tells whether a name leads to /dev/null.
func isNull(name string) bool {
	var st unix.Stat_t
	return unix.Stat(name, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == nullDevice
}

// creditTime is for how long a credit holds on a file system with so many bytes free.
func creditTime(free uint64) time.Duration {
	return min(time.Duration(free/muchRoom)*muchTime, wire.MaxCreditTime)
}

// hasQuotas tells whether the file system of a file is mounted with quotas, or it is
// not known.
func hasQuotas(name string) bool {
	var st unix.Stat_t
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || unix.Stat(name, &st) != nil {
		return true
	}
	number := fmt.Sprintf(" %d:%d ", unix.Major(st.Dev), unix.Minor(st.Dev))
	for line := range strings.Lines(string(text)) {
		if _, options, found := strings.Cut(line, " - "); found && strings.Contains(line, number) {
			// Of XFS also those that are counted, and may be enforced at any time.
			return strings.Contains(strings.ReplaceAll(options, "noquota", ""), "quota") || strings.Contains(options, "qnoenforce")
		}
	}
	return true
}

// wrote makes true what the guest's side has ended by itself. There is no reply.
func (d *deputy) wrote(j job) {
	defer d.behinds.Add(-1)
	m, err := wire.DecodeWrote(j.data)
	if err != nil {
		j.link.complain("bad word of a write", "thread", d.t.Own, "error", err)
		return
	}
	if w := &d.writes; w.pipe && w.last == m.FD {
		m.Data = d.wroteInPipe(&m)
	}
	d.writes.idle = 0
	told := false
	for data := m.Data; len(data) > 0; {
		slot := d.t.Slot
		if slot == nil {
			return // it has ended
		}
		if told && d.p.isDying() {
			return // as if that had come before this write
		}
		copy(slot.Window(), data)
		n, alive := d.write(slot, m.FD, len(data))
		switch {
		case !alive:
			return
		case n > int64(len(data)): // the slot is the process's memory, which the guest's side may write into
			d.p.s.log.Error("a process has to be killed: its memory says that more was written than there was", "pid", d.p.PID, "descriptor", m.FD)
			kill(d.p.PID)
			return
		case n > 0:
			data = data[n:]
			d.writes.at += n
		case errors.Is(unix.Errno(-n), unix.ENOSPC), errors.Is(unix.Errno(-n), unix.EDQUOT), errors.Is(unix.Errno(-n), unix.EINTR):
			if !told {
				d.p.s.log.Error("a process waits for room on a disk that became full in a moment", "pid", d.p.PID, "descriptor", m.FD, "error", unix.Errno(-n))
				told = true
			}
			d.relieve()
			time.Sleep(roomAgain)
		default:
			d.p.s.log.Error("a process has to be killed: what it has written cannot be written at home", "pid", d.p.PID, "descriptor", m.FD, "error", unix.Errno(-n))
			kill(d.p.PID)
			return
		}
	}
}

// settled waits until the deputies of a process have done what its guest has done
// by itself.
func (p *proc) settled() {
	for within := owntime.Within(stopLimit); !within.Over(); nap.For(100 * time.Microsecond) {
		waits := false
		for _, t := range p.Threads() {
			if d, ok := t.Data().(*deputy); ok && d.behinds.Load() > 0 {
				waits = true
			}
		}
		if !waits {
			return
		}
	}
}

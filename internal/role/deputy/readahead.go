package deputy

import (
	"fmt"

	"openmosix/internal/linux/filestat"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

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
// Only for what no other process reads (sharing.go), and for files on local file systems: elsewhere, a read may wait or have an
// effect. For several threads less, and by more rules: several.go. Read by a description of our own that leaves
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
	at   int64 // where the process stands, as far as is known; -1: it is not
	sent int64 // the end of what was sent ahead
	step int   // bytes sent ahead the last time, 0: none
	from int64 // the beginning of what was sent ahead
	// unused counts pieces in a row of which nothing was used: the program does something else between two reads. For
	// rests reads nothing is sent.
	unused, rests int
}

const (
	// fewUnused is how many pieces may go for nothing before there is a rest, mostRest the longest one.
	fewUnused = 2
	mostRest  = 256
)

// rest tells whether nothing is to be sent with a read that began at a place: of pieces before nothing was used.
func (r *sequence) rest(began int64) bool {
	if r.rests > 0 {
		r.rests--
		return true
	}
	switch {
	case r.sent == 0:
	case began == r.from:
		if r.unused++; r.unused >= fewUnused {
			r.rests = min(1<<r.unused, mostRest)
		}
	default:
		r.unused = 0
	}
	r.sent = 0
	return r.rests > 0
}

// sendAhead sends what the process is going to ask for after this call.
func (d *deputy) sendAhead(j job, c *syscalls.Call, ret int64) {
	switch {
	case ret < 0 || !d.p.plain.Load() || d.p.sharesMemory():
		return
	case opens(c):
		reads, told := opensToRead(c), d.p.told.Load()
		if reads {
			d.reads = sequence{fd: int(ret)}
		}
		if d.hasAlone(int(ret)) {
			d.afterOpen(j, int(ret), reads, told)
		}
	case c.Nr == unix.SYS_READ && ret > 0 && uint64(ret) == c.Args[2]:
		d.afterRead(j, int(int32(c.Args[0])), ret)
	}
}

func opens(c *syscalls.Call) bool {
	flags, opens := openFlags(c)
	return opens && flags&unix.O_PATH == 0
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

// afterOpen sends the state of a file or directory, and of one that the process has opened to be read the beginning.
func (d *deputy) afterOpen(j job, fd int, reads bool, told uint64) {
	src := d.looksAt(fd)
	if src == nil {
		return
	}
	defer src.close()
	f, bytes := wire.AheadFile{FD: fd, HasStat: true, Quiet: src.closesQuietly()}, 0
	if reads && src.opens() {
		if bytes = beginning; src.stat.Size <= wholeFile {
			bytes = wholeFile + 1
		}
	}
	d.piece(j, src, told, f, bytes)
}

// closesQuietly tells whether the kernel has nothing to say when the descriptor is closed. An overlay passes a close on to
// a file that may be on any file system, which has nothing to say of one that was only read.
func (src *reading) closesQuietly() bool {
	return quiet[src.fs] || src.fs == unix.OVERLAYFS_SUPER_MAGIC && src.flags&unix.O_ACCMODE == unix.O_RDONLY
}

// quiet are the file systems that have nothing to say when a descriptor of theirs is closed.
var quiet = map[int64]bool{
	unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.BTRFS_SUPER_MAGIC: true, unix.F2FS_SUPER_MAGIC: true,
	unix.TMPFS_MAGIC: true, unix.RAMFS_MAGIC: true, unix.SQUASHFS_MAGIC: true, unix.ISOFS_SUPER_MAGIC: true,
}

// afterRead sends what follows a read of count bytes, if the one before ended where it
// began. Pieces end where a read of that size ends, so that none needs two of them: it is to find
// the file as it was at one moment.
func (d *deputy) afterRead(j job, fd int, count int64) {
	r := &d.reads
	r.stood(d.p.stood.Swap(nil))
	if r.fd != fd {
		*r = sequence{fd: fd, at: -1}
		return
	}
	if count > lastStep {
		return
	}
	told := d.p.told.Load()
	var src *reading
	if d.hasAlone(fd) {
		src = d.reading(fd)
	}
	if src == nil {
		d.peek(j, fd, int(count))
		return
	}
	defer src.close()
	at, err := unix.Seek(src.its, 0, unix.SEEK_CUR)
	if err != nil {
		return
	}
	if r.at >= 0 && at-count != r.at {
		*r = sequence{fd: fd, at: at}
		return
	}
	sent := r.sent
	if r.at = at; r.rest(at - count) {
		return
	}
	if at-count < sent { // it does not read as fast as that
		r.step /= 2
	} else {
		r.step *= 2
	}
	r.step = min(max(firstStep, r.step), lastStep)
	bytes := max(r.step-r.step%int(count), int(count))
	d.piece(j, src, told, wire.AheadFile{FD: fd, Offset: uint64(at)}, bytes)
}

// piece sends a piece along with the next frame, unless something else has been said for
// the process after told words.
func (d *deputy) piece(j job, src *reading, told uint64, f wire.AheadFile, bytes int) {
	buf := d.p.s.pieces.take(bytes)
	defer d.p.s.pieces.give(buf)
	n := 0
	if bytes > 0 {
		var err error
		if n, err = d.pread(src.own, buf, int64(f.Offset), src.stat.Size); err != nil || n < 0 {
			return
		}
	}
	f.Complete, f.Stat = n < bytes, filestat.Bytes(&src.stat)
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	if d.p.told.Load() != told { // it would come behind that, and may be older
		return
	}
	d.reads.from, d.reads.sent = int64(f.Offset), int64(f.Offset)+int64(n)
	_ = j.link.conn.Along(wire.Ahead, uint64(uint32(d.t.Own)), f.Head(), buf[:n])
}

// sharesMemory tells whether the process hears of others by memory that it shares with them: what has come ahead
// could be older than what it has heard so.
func (p *proc) sharesMemory() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sharedAt) > 0
}

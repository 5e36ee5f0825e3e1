package deputy

import (
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"openmosix/internal/linux/kcmp"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/abi"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// Processes that read a file by one description, which they have from a common parent or
// have been passed, divide it among them: each byte is for one (read(2)). What has come ahead to one of
// them the others would get as well. So only that is read ahead which no other process reads:
// what the process has opened itself and has given to nobody, and what nobody else turns out to have.

// sharing is what is known of the descriptions behind a process's descriptors.
type sharing struct {
	mu    sync.Mutex
	alone map[int]bool // by descriptor: no other process has it
	apart bool         // no other process has the same table of descriptors
	told  bool         // ... or one has: that has been looked for
	given bool         // it has had others have what it has: what is not known is theirs, too

	pipe   uint64 // the inode of a pipe that no other process reads; 0: of none that is known
	passed bool   // the process has passed descriptors on: one may be on its way

	turns turns // what several threads do to it: several.go

	// own: no other process has had the same table since it was made. The guest side goes by
	// this, too, where it needs to know the numbers in it.
	own atomic.Bool
}

// leaves begins anew: what the process has done at home nobody has seen. fresh: execve(2)
// has just given it a table of its own.
func (s *sharing) leaves(fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alone, s.apart, s.told, s.given, s.pipe, s.turns = nil, fresh, fresh, false, 0, turns{}
	s.own.Store(fresh)
}

// gives: all that the process has open another one has as well from now on.
func (s *sharing) gives() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alone, s.given, s.pipe = nil, true, 0
}

// joins: another process has its table from now on.
func (s *sharing) joins() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apart, s.told, s.pipe = false, true, 0
	s.own.Store(false)
}

// opens: the process has made a descriptor in this turn. Others of its threads may have given it away before this is noted.
func (s *sharing) opens(fd int, t turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.undisturbed(t) {
		delete(s.alone, fd)
		s.pipe = 0
		return
	}
	if s.alone == nil {
		s.alone = make(map[int]bool)
	}
	s.alone[fd] = true
}

// closes: the number may be another description's.
func (s *sharing) closes(fd int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.alone, fd)
	s.pipe = 0
}

// forgets: all numbers may be.
func (s *sharing) forgets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alone, s.pipe = nil, 0
}

// passes: ... and it may be on its way to somebody who has no descriptor of it yet.
func (s *sharing) passes() {
	s.gives()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed = true
}

// single tells whether it is known that no other process has the same table.
func (s *sharing) single() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told && s.apart
}

// noteSharing follows what a call does to that.
func (d *deputy) noteSharing(c *syscalls.Call, ret int64, t turn) {
	s := &d.p.sharing
	switch c.Nr {
	case unix.SYS_OPEN, unix.SYS_OPENAT, unix.SYS_CREAT:
		if ret >= 0 {
			s.opens(int(ret), t)
		}
	case unix.SYS_CLOSE:
		s.closes(int(int32(c.Args[0])))
	case unix.SYS_DUP2, unix.SYS_DUP3:
		s.closes(int(int32(c.Args[1])))
	case unix.SYS_CLOSE_RANGE:
		s.forgets()
		s.splits()
	case unix.SYS_UNSHARE:
		s.splits()
	case unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_IO_URING_SETUP:
		if passesOn(c) {
			s.passes()
		}
	}
}

// passesOn tells whether a call may give descriptors to others.
func passesOn(c *syscalls.Call) bool {
	for i := range c.Segs {
		if in := c.Segs[i].In; c.Nr == unix.SYS_SENDMSG && c.Segs[i].Arg == 1 && len(in) >= abi.SizeMsghdr {
			return le.Uint64(in[abi.MsgControllen:]) != 0
		}
	}
	return true
}

// hasAlone tells whether nobody else reads or writes by a descriptor of the process.
func (d *deputy) hasAlone(fd int) bool {
	p, s := d.p, &d.p.sharing
	s.mu.Lock()
	defer s.mu.Unlock()
	if !d.tableAlone() || !p.OneThread() && !p.oneTable() {
		return false
	}
	alone, known := s.alone[fd]
	if known || s.given {
		return alone
	}
	// It was there when the process came, or it is a duplicate.
	if s.alone == nil {
		s.alone = make(map[int]bool)
	}
	d.relieve()
	name, err := os.Readlink(p.descriptor(fd))
	s.alone[fd] = err == nil && p.nobodyElse(func(pid int) (bool, error) { return p.has(pid, name, fd) })
	return s.alone[fd]
}

// tableAlone tells whether no other process has the same table; if it is not known, that is looked for: from
// then on one has it only if the process makes it. Precondition: p.sharing.mu is held.
func (d *deputy) tableAlone() bool {
	p, s := d.p, &d.p.sharing
	if !s.told {
		d.relieve() // there may be many processes to be asked of
		s.apart, s.told = p.nobodyElse(func(pid int) (bool, error) { return kcmp.SameFiles(p.PID, pid) }), true
	}
	return s.apart
}

// numbers are the descriptors of a process that leaves; nil: others may change them, or it is not known.
func (p *proc) numbers() []int {
	if !p.sharing.own.Load() {
		return nil
	}
	all, err := p.Family.FS.FDNumbers(p.PID)
	if err != nil || len(all) > mostNumbers {
		return nil
	}
	return all
}

// mostNumbers is how many descriptors are worth telling.
const mostNumbers = 256

// nobodyElse asks of all other processes.
func (p *proc) nobodyElse(shares func(pid int) (bool, error)) bool {
	pids, err := p.s.fam.FS.Pids()
	if err != nil {
		return false
	}
	for _, pid := range pids {
		if pid == p.PID || pid == os.Getpid() {
			continue
		}
		yes, err := shares(pid)
		if yes || err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ESRCH) { // it has ended
			return false
		}
	}
	return true
}

// has tells whether a process has the description of one of p's descriptors, which is of a file of this name.
func (p *proc) has(pid int, name string, fd int) (bool, error) {
	return p.leads(pid, name, func(number int) (bool, error) {
		same, err := kcmp.SameFile(p.PID, fd, pid, number)
		if errors.Is(err, unix.EBADF) {
			err = nil // closed meanwhile
		}
		return same, err
	})
}

// leads asks of each descriptor of a process that leads to what has this name, until one is as asked, or cannot be asked of.
func (p *proc) leads(pid int, name string, is func(number int) (bool, error)) (bool, error) {
	numbers, err := p.Family.FS.FDNumbers(pid)
	if errors.Is(err, procfs.ErrGone) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	for _, n := range numbers {
		if its, err := os.Readlink(p.Family.FS.Path(pid, "fd/"+strconv.Itoa(n))); err != nil || its != name {
			continue
		}
		if yes, err := is(n); yes || err != nil {
			return yes, err
		}
	}
	return false, nil
}

package guest

import (
	"strings"

	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// A process may have descriptors, at home, of what it has of its own. What is in it is here: so
// it is mapped here again, and memory is allocated and given back here; for all other calls that see or change the
// contents, or give the descriptor to others, the process comes home. No call made away gives it another
// descriptor of it: it can only close those it has.

// hasOpen notes by which descriptors the body has its own files open. b.mu is held.
func (b *body) hasOpen(k *soleFile) {
	for _, fd := range k.home.Open {
		if b.own == nil {
			b.own = map[int]*soleFile{}
		}
		b.own[int(fd)] = k
	}
	b.owns.Store(len(b.own) > 0)
}

// openAs is what a descriptor shows, if that is the body's own.
func (b *body) openAs(fd uint64) *soleFile {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.own[int(int32(fd))]
}

// closes follows the results of calls that close descriptors. b.mu is held.
func (b *body) closes(nr int, args [6]uint64, ret int64) {
	first, last := int64(int32(args[0])), int64(int32(args[0]))
	const cloexec = 4 // CLOSE_RANGE_CLOEXEC
	switch {
	case len(b.own) == 0:
		return
	case nr == unix.SYS_CLOSE && ret != -int64(unix.EBADF): // any other error comes after it is closed
	case nr == unix.SYS_CLOSE_RANGE && ret == 0 && args[2]&cloexec == 0:
		first, last = int64(uint32(args[0])), int64(uint32(args[1]))
	case (nr == unix.SYS_DUP2 || nr == unix.SYS_DUP3) && ret >= 0 && int32(args[0]) != int32(args[1]):
		first, last = int64(int32(args[1])), int64(int32(args[1]))
	default:
		return
	}
	for fd := range b.own {
		if int64(fd) >= first && int64(fd) <= last {
			delete(b.own, fd)
		}
	}
	b.owns.Store(len(b.own) > 0)
}

// ofOwn does a call on a descriptor of what is the body's own; false: it is none, or one that only home
// knows about.
func (s *strand) ofOwn(p *pending) bool {
	const givesAway = "it could give another process what it has mapped"
	switch p.nr {
	case unix.SYS_SENDMSG:
		if !s.passes(p.args[1]) {
			return false
		}
		s.comeHome(p, givesAway)
		return true
	case unix.SYS_SENDMMSG, unix.SYS_PIDFD_GETFD, unix.SYS_EXECVE, unix.SYS_EXECVEAT:
		s.comeHome(p, givesAway)
		return true
	case unix.SYS_MMAP:
		if p.args[3]&unix.MAP_ANONYMOUS != 0 {
			return false
		}
	}
	for i := range p.args {
		if p.row.Kind(i) != syscalls.Fd {
			continue
		}
		k := s.b.openAs(p.args[i])
		if k == nil || harmless(p.nr, i, p.args) {
			continue
		}
		switch {
		case p.nr == unix.SYS_MMAP && s.mapsOwn(p, k):
		case p.nr == unix.SYS_FALLOCATE && s.allocates(p, k):
		default:
			s.comeHome(p, "it uses a descriptor of what it has mapped")
		}
		return true
	}
	return false
}

// passes tells whether a message carries more than data.
func (s *strand) passes(msg uint64) bool {
	const controlLen, size = 40, 8
	var b [size]byte
	return s.b.memory().Read(msg+controlLen, b[:]) != nil || le.Uint64(b[:]) != 0
}

// harmless tells whether a call does nothing by its argument i, a descriptor, that has to do with
// what is in a file.
func harmless(nr, i int, args [6]uint64) bool {
	switch nr {
	case unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_FSTATFS, unix.SYS_FLOCK,
		unix.SYS_FCHMOD, unix.SYS_FCHOWN, unix.SYS_FGETXATTR, unix.SYS_FLISTXATTR, unix.SYS_EPOLL_CTL:
		return true
	case unix.SYS_DUP2, unix.SYS_DUP3:
		return i == 1
	case unix.SYS_LSEEK:
		return args[2] <= unix.SEEK_END
	case unix.SYS_IOCTL:
		const fioclex, fionclex = 0x5451, 0x5450
		return uint32(args[1]) == unix.TCGETS || uint32(args[1]) == fioclex || uint32(args[1]) == fionclex
	case unix.SYS_FCNTL:
		switch uint32(args[1]) {
		case unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_GET_SEALS, unix.F_GETLK, unix.F_SETLK, unix.F_SETLKW,
			unix.F_OFD_GETLK, unix.F_OFD_SETLK, unix.F_OFD_SETLKW:
			return true
		}
	}
	return false
}

// memory tells whether it is no file that others find by its name.
func (k *soleFile) memory() bool {
	return strings.HasPrefix(k.home.Path, "/memfd:") || k.home.Path == "/dev/zero"
}

// mapsOwn maps it once more; false: not in this way.
func (s *strand) mapsOwn(p *pending, k *soleFile) bool {
	const plain = unix.MAP_SHARED | unix.MAP_FIXED | unix.MAP_FIXED_NOREPLACE | unix.MAP_NORESERVE | unix.MAP_POPULATE | unix.MAP_NONBLOCK
	if p.args[3]&unix.MAP_SHARED == 0 || p.args[3]&^plain != 0 || p.args[2]&unix.PROT_EXEC != 0 && !k.memory() {
		return false
	}
	if p.args[3]&(unix.MAP_FIXED|unix.MAP_FIXED_NOREPLACE) != 0 && s.b.reserved(p.args[0], p.args[1]) {
		s.comeHome(p, takenPlace)
		return true
	}
	if !s.enter(p, true) {
		return true
	}
	go func() {
		defer s.b.leave()
		s.mapFrom(p, &source{file: k.file, sole: true}, func(uint64) {})
	}()
	return true
}

// allocates gives memory pages, or takes them from it; false: not in this way.
func (s *strand) allocates(p *pending, k *soleFile) bool {
	mode, off, n := uint32(p.args[1]), int64(p.args[2]), int64(p.args[3])
	const keep, punch = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_KEEP_SIZE | unix.FALLOC_FL_PUNCH_HOLE
	if !k.memory() || mode != 0 && mode != keep && mode != punch {
		return false
	}
	if off < 0 || n <= 0 {
		s.b.answer(p.id, -int64(unix.EINVAL))
		return true
	}
	if uint64(off) > k.home.Size || uint64(n) > k.home.Size-uint64(off) { // it grows
		return false
	}
	if !s.enter(p, true) {
		return true
	}
	go func() {
		defer s.b.leave()
		var errno unix.Errno
		for errno = unix.EINTR; errno == unix.EINTR; { // by a signal of ours
			errno, _ = unix.Fallocate(int(k.file.Fd()), mode, off, n).(unix.Errno)
		}
		s.unenter(p)
		s.b.answer(p.id, -int64(errno))
	}()
	return true
}

// Package descriptors follows which number the kernel gives to the next descriptor
// of a process: the lowest that is free (open(2)). What is known is learnt from the
// results of the calls that use it up or give it back.
//
// Pure. Used under its owner's lock, for a process that shares its descriptors with
// no other and makes one call at a time.
package descriptors

import "slices"

// Lowest is what is known of the lowest free number: all below taken are taken, but those that
// are free. The zero value knows nothing.
type Lowest struct {
	taken int
	free  []int // ascending
	all   bool  // nothing from taken on is taken
	below int   // what the kernel gives is below this; 0: it is not known
}

// maxFree bounds how many free numbers are followed.
const maxFree = 64

// Of is what is known of a process of which these numbers are taken and no others, and which may have
// as many descriptors as limit says.
func Of(taken []int, limit int) Lowest {
	l := Lowest{all: true, below: limit}
	for _, fd := range slices.Sorted(slices.Values(taken)) {
		for ; l.taken < fd && len(l.free) <= maxFree; l.taken++ {
			l.free = append(l.free, l.taken)
		}
		l.taken = max(l.taken, fd+1)
	}
	l.bound()
	return l
}

// bound forgets all that is known from the highest free number on, if there are too many.
func (l *Lowest) bound() {
	if last := len(l.free) - 1; last >= maxFree {
		l.taken, l.free, l.all = l.free[last], l.free[:last], false
	}
}

// Next is the number that the next descriptor gets, if it is known.
func (l *Lowest) Next() (fd int, known bool) {
	switch {
	case len(l.free) > 0:
		fd = l.free[0]
	case l.all:
		fd = l.taken
	default:
		return 0, false
	}
	return fd, l.below == 0 || fd < l.below
}

// Opened: a call that takes the lowest free number has got this one.
func (l *Lowest) Opened(fd int) {
	switch {
	case len(l.free) > 0 && fd == l.free[0]:
		l.free = l.free[1:]
	case len(l.free) > 0, l.all && fd != l.taken:
		*l = Lowest{} // somebody else has changed them
	default:
		l.taken = max(l.taken, fd+1)
	}
}

// Closed: this number is free again.
func (l *Lowest) Closed(fd int) {
	if fd < 0 || fd >= l.taken {
		return
	}
	if at, is := slices.BinarySearch(l.free, fd); !is {
		l.free = slices.Insert(l.free, at, fd)
		l.bound()
	}
}

// Forget: nothing is known any more.
func (l *Lowest) Forget() { *l = Lowest{} }

// keeps are the calls that leave a process's descriptors and their numbers alone,
// by their x86-64 numbers: all others are taken to change them.
var keeps = map[int]bool{
	0: true, 1: true, 4: true, 5: true, 6: true, 7: true, 8: true, // read, write, stat, fstat, lstat, poll, lseek
	9: true, 10: true, 11: true, 12: true, 25: true, 28: true, // mmap, mprotect, munmap, brk, mremap, madvise
	13: true, 14: true, 15: true, 131: true, // rt_sigaction, rt_sigprocmask, rt_sigreturn, sigaltstack
	17: true, 18: true, 19: true, 20: true, 295: true, 296: true, // pread64, pwrite64, readv, writev, preadv, pwritev
	21: true, 269: true, 439: true, 89: true, 267: true, 262: true, 332: true, // access, faccessat, faccessat2, readlink, readlinkat, newfstatat, statx
	24: true, 35: true, 230: true, 96: true, 228: true, 201: true, // sched_yield, nanosleep, clock_nanosleep, gettimeofday, clock_gettime, time
	39: true, 102: true, 104: true, 107: true, 108: true, 110: true, 186: true, // getpid, get*id, getppid, gettid
	63: true, 79: true, 97: true, 98: true, 99: true, 100: true, 318: true, // uname, getcwd, getrlimit, getrusage, sysinfo, times, getrandom
	74: true, 75: true, 76: true, 77: true, 137: true, 138: true, 217: true, 221: true, // fsync, fdatasync, truncate, ftruncate, statfs, fstatfs, getdents64, fadvise64
	82: true, 83: true, 84: true, 87: true, 88: true, 86: true, 90: true, 263: true, 264: true, // names: rename, mkdir, rmdir, unlink, symlink, link, chmod, unlinkat, renameat
	202: true, // futex
}

// Keeps tells whether a call is one of those, or asks only.
func Keeps(nr int, args [6]uint64) bool {
	switch nr {
	case 16: // ioctl
		return uint32(args[1]) == tcgets
	case 302: // prlimit64
		return args[2] == 0
	}
	return keeps[nr]
}

const tcgets = 0x5401

// about are calls that keep the numbers, but may change where in a file the descriptor that
// is their first argument stands, or what is there.
var about = map[int]bool{
	3: true, 8: true, 0: true, 19: true, 17: true, 18: true, 20: true, 295: true, 296: true, 77: true, // close, lseek, read, readv, pread64, pwrite64, writev, preadv, pwritev, ftruncate
}

// KeepsEnd tells whether a call certainly leaves it as it was that what is written next
// to a descriptor, by this process, continues what was written to it before.
func KeepsEnd(nr int, args [6]uint64, fd int) bool {
	if nr != 2 && nr != 257 && nr != 3 && !Keeps(nr, args) { // open, openat, close
		return false
	}
	return !about[nr] || int(int32(args[0])) != fd
}

// gives are the calls by which others may come to have what a process has open, or a number becomes another description's: close,
// dup2, dup3, close_range, sendmsg, sendmmsg, io_uring_setup, io_uring_enter, io_uring_register, unshare, clone, fork, vfork, clone3.
var gives = map[int]bool{
	3: true, 33: true, 292: true, 436: true, 46: true, 307: true, 425: true, 426: true, 427: true, 272: true, 56: true, 57: true, 58: true, 435: true,
}

// Gives tells whether a call is one of those.
func Gives(nr int) bool { return gives[nr] }

// waits are calls beside those of keeps that wait for others, or open or connect something: where what is open stands, and whose it
// is, they leave alone.
var waits = map[int]bool{
	2: true, 257: true, 437: true, // open, openat, openat2
	23: true, 270: true, 271: true, 232: true, 281: true, 441: true, // select, pselect6, ppoll, epoll_wait, epoll_pwait, epoll_pwait2
	41: true, 42: true, 43: true, 288: true, 44: true, 45: true, 47: true, 299: true, // socket, connect, accept, accept4, sendto, recvfrom, recvmsg, recvmmsg
	61: true, 247: true, 34: true, 128: true, 130: true, // wait4, waitid, pause, rt_sigtimedwait, rt_sigsuspend
}

// moves are those of keeps that move where a description stands.
var moves = map[int]bool{0: true, 1: true, 8: true, 19: true, 20: true, 217: true} // read, write, lseek, readv, writev, getdents64

// KeepsPlaces tells whether a call leaves alone where the files that are open stand, and whose they are. What it opens itself
// is not meant.
func KeepsPlaces(nr int, args [6]uint64) bool { return waits[nr] || Keeps(nr, args) && !moves[nr] }

// Package descriptors follows which number the kernel gives to the next descriptor
// of a process: the lowest that is free (open(2)). What is known is learnt from the
// results of the calls that use it up or give it back.
//
// Pure. Used under its owner's lock, for a process that shares its descriptors with
// no other and makes one call at a time.
package descriptors

// Lowest is what is known of the lowest free number: all below taken are taken, but
// free, if there is one. The zero value knows nothing.
type Lowest struct {
	taken int
	free  int
	has   bool // free is one
}

// Next is the number that the next descriptor gets, if it is known.
func (l *Lowest) Next() (int, bool) { return l.free, l.has }

// Opened: a call that takes the lowest free number has got this one.
func (l *Lowest) Opened(fd int) {
	switch {
	case l.has && fd != l.free:
		*l = Lowest{} // somebody else has changed them
	case l.has:
		l.has = false
	default:
		l.taken = max(l.taken, fd+1)
	}
}

// Closed: this number is free again.
func (l *Lowest) Closed(fd int) {
	switch {
	case fd < 0 || fd >= l.taken:
	case !l.has:
		l.free, l.has = fd, true
	default: // of two that are free only the lower one is followed
		l.free, l.taken = min(l.free, fd), max(l.free, fd)
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

// Keeps tells whether a call is one of those.
func Keeps(nr int) bool { return keeps[nr] }

// about are calls that keep the numbers, but may change where in a file the descriptor that
// is their first argument stands, or what is there.
var about = map[int]bool{
	3: true, 8: true, 0: true, 19: true, 17: true, 18: true, 20: true, 295: true, 296: true, 77: true, // close, lseek, read, readv, pread64, pwrite64, writev, preadv, pwritev, ftruncate
}

// KeepsEnd tells whether a call certainly leaves it as it was that what is written next
// to a descriptor, by this process, continues what was written to it before.
func KeepsEnd(nr int, args [6]uint64, fd int) bool {
	if nr != 2 && nr != 257 && nr != 3 && !Keeps(nr) { // open, openat, close
		return false
	}
	return !about[nr] || int(int32(args[0])) != fd
}

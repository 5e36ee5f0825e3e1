package mem

import (
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// query is struct procmap_query, linux/fs.h; since Linux 6.11.
type query struct {
	size, flags, addr      uint64
	start, end             uint64
	rights, page, off, ino uint64
	major, minor           uint32
	nameSize, buildSize    uint32
	name, build            uint64
}

const (
	queryMapping = 0xc0686611 // PROCMAP_QUERY
	mayWrite     = 2          // PROCMAP_QUERY_VMA_WRITABLE
)

// Writable tells how many of n bytes at addr the process itself could write, by its mappings and
// where their files end. Pages that fault nevertheless, as guards do, it does not know of;
// where the kernel tells nothing of mappings it is all of them.
func (s *Space) Writable(addr, n uint64) uint64 {
	maps := s.maps()
	if maps == nil {
		return n
	}
	for at := addr; at-addr < n; {
		q := query{addr: at}
		errno := q.ask(maps)
		switch {
		case errno == unix.ENOENT || errno == 0 && q.rights&mayWrite == 0:
			return at - addr
		case errno != 0 || q.end <= at: // it ends
			return n
		}
		within := min(q.end-at, n-(at-addr))
		if q.ino != 0 && !s.hasPage(at+within-1) { // else none before is missing
			return at - addr + s.exist(at, within)
		}
		at = q.end
	}
	return n
}

// ask asks a file of mappings, which is not closed before it has answered.
func (q *query) ask(maps *os.File) (errno unix.Errno) {
	q.size = uint64(unsafe.Sizeof(*q))
	c, err := maps.SyscallConn()
	if err == nil {
		err = c.Control(func(fd uintptr) {
			_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, queryMapping, uintptr(unsafe.Pointer(q)))
		})
	}
	if err != nil {
		return unix.EBADF
	}
	return errno
}

// hasPage tells whether there is something at an address. Of a mapped file there is nothing
// behind the page with its end.
func (s *Space) hasPage(addr uint64) bool {
	var one [1]byte
	n, err := s.vmRead(addr, one[:])
	return n == 1 || err != unix.EFAULT
}

// exist is how many of n bytes at addr come before the first page that is not there.
func (s *Space) exist(addr, n uint64) uint64 {
	page := uint64(os.Getpagesize())
	for at := addr; at-addr < n; at = at&^(page-1) + page {
		if !s.hasPage(at) {
			return at - addr
		}
	}
	return n
}

// maps is what Writable asks; nil: this kernel does not answer.
func (s *Space) maps() *os.File {
	behind := s.behind.Load()
	behind.ask.Do(func() {
		f, err := os.Open("/proc/" + strconv.Itoa(s.pid) + "/maps")
		if err != nil {
			return
		}
		q := query{}
		if errno := q.ask(f); errno != 0 && errno != unix.ENOENT {
			_ = f.Close() // nothing was asked
			return
		}
		behind.maps = f
	})
	return behind.maps
}

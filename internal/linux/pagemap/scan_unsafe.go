package pagemap

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/image"
)

// pagemapScan is PAGEMAP_SCAN: _IOWR('f', 16, struct pm_scan_arg).
const pagemapScan = 3<<30 | unsafe.Sizeof(scanArg{})<<16 | 'f'<<8 | 16

// region is struct page_region.
type region struct {
	start, end uint64
	categories Category
}

// scanArg is struct pm_scan_arg. vec is a real pointer because the stack on
// which the regions lie may move until the call is made.
type scanArg struct {
	size       uint64
	flags      Flags
	start, end uint64
	walkEnd    uint64
	vec        unsafe.Pointer
	vecLen     uint64
	maxPages   uint64
	inverted   Category
	mask       Category
	anyOf      Category
	returned   Category
}

// scan makes one call. It ends at the end of the range or where regions is full.
func scan(fd uintptr, r image.Range, q Query, regions []region) (n int, end uint64, errno unix.Errno) {
	arg := scanArg{
		size: uint64(unsafe.Sizeof(scanArg{})), flags: q.Flags, start: r.Start, end: r.End,
		vec: unsafe.Pointer(&regions[0]), vecLen: uint64(len(regions)),
		// An inverted category matches when it is absent.
		inverted: q.None, mask: q.All | q.None, anyOf: q.Any,
		// Regions are split where returned categories differ: return what
		// all matching pages have in common, so that none are split but those
		// that are to be.
		returned: q.All | q.Apart,
	}
	if arg.returned == 0 {
		arg.returned = WPAllowed
	}
	count, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, pagemapScan, uintptr(unsafe.Pointer(&arg)))
	if errno != 0 {
		return 0, 0, errno
	}
	return int(count), arg.walkEnd, 0
}

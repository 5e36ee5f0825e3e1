// Package pagemap asks the kernel which pages of a process are there and which
// were written, by the PAGEMAP_SCAN ioctl on /proc/pid/pagemap.
//
// The caller owns the open pagemap file (mem.Space has one) and decides which
// ranges are worth asking for; nothing is kept between calls, so the functions
// may be used concurrently.
//
// Rules of the kernel that callers must know:
//
//   - "Written" has a meaning only in mappings registered with a userfaultfd
//     of the features WP_ASYNC and WP_UNPOPULATED. In any other mapping every
//     present page counts as written.
//   - A page that was dropped (MADV_DONTNEED, munmap and a new mmap) is not
//     present and so in no answer: whoever copies must make the complement of
//     Present zero.
//   - Write-protecting passes over unregistered mappings in silence unless
//     CheckWPAsync is set. WrittenAndProtect sets it and says ErrNotTracked.
package pagemap

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/image"
)

// Category is a set of properties of a page: PAGE_IS_… of linux/fs.h.
type Category uint64

const (
	WPAllowed Category = 1 << iota // in a mapping registered for asynchronous write protection
	Written                        // since it was last write-protected
	File                           // of a file or shared memory, not copied for this process
	Present
	Swapped
	PFNZero // the kernel's shared page of zeros
	Huge    // part of a huge page
	SoftDirty
	Guard // MADV_GUARD_INSTALL; older kernels answer EINVAL, also those that have guards
)

// Flags of a scan.
type Flags uint64

const (
	WPMatching   Flags = 1 << iota // write-protect, atomically, the pages that match
	CheckWPAsync                   // ErrNotTracked where that is not possible
)

// Query says which pages match: all of All, at least one of Any (when Any is
// not empty) and none of None. Neighbours are joined to one range.
type Query struct {
	All, Any, None Category
	Apart          Category // pages that differ in these come in ranges of their own
	Flags          Flags
}

// ErrNotTracked: the range touches a mapping that is not registered for
// asynchronous write protection, so writes to it leave no trace.
var ErrNotTracked = errors.New("memory is not tracked for writes")

// Scan returns the matching pages of r, ascending. Ranges of a scan that
// protects are facts even when an error comes with them: those pages are
// protected by now and will not be reported a second time.
func Scan(pagemap *os.File, r image.Range, q Query) ([]image.Range, error) {
	var found []image.Range
	err := each(pagemap, r, q, func(piece region) {
		found = appendJoined(found, image.Range{Start: piece.start, End: piece.end})
	})
	return found, err
}

// each hands over what a scan finds.
func each(pagemap *os.File, r image.Range, q Query, found func(region)) error {
	raw, err := pagemap.SyscallConn()
	if err != nil {
		return err
	}
	var regions [512]region
	for at := r.Start; at < r.End; {
		clear(regions[:]) // so that the end of what an aborted scan found can be seen
		var n int
		var end uint64
		var errno unix.Errno
		// Whoever learns that the process has ended closes the file; its number is another file's at once.
		if err := raw.Control(func(fd uintptr) {
			n, end, errno = scan(fd, image.Range{Start: at, End: r.End}, q, regions[:])
		}); err != nil {
			return fmt.Errorf("scan pages %#x-%#x: %w", at, r.End, err)
		}
		if errno != 0 {
			n = 0
			for n < len(regions) && regions[n].end != 0 {
				n++
			}
		}
		for _, piece := range regions[:n] {
			found(piece)
		}
		switch {
		case errno == unix.EPERM && q.Flags&CheckWPAsync != 0:
			return fmt.Errorf("scan pages %#x-%#x: %w", at, r.End, ErrNotTracked)
		case errno != 0:
			return fmt.Errorf("scan pages %#x-%#x: %w", at, r.End, errno)
		case end <= at:
			return fmt.Errorf("scan pages %#x-%#x: the kernel makes no progress", at, r.End)
		}
		at = end
	}
	return nil
}

// appendJoined joins what one buffer ended with to what the next begins with.
func appendJoined(all []image.Range, r image.Range) []image.Range {
	if n := len(all); n > 0 && all[n-1].End == r.Start {
		all[n-1].End = r.End
		return all
	}
	return append(all, r)
}

// PresentPages finds the pages that hold something: in memory or swapped out, not
// the shared page of zeros. Pages of files that were never copied for the
// process are left out when excludeFile is set. A kernel that does not tell
// guards counts them as swapped out.
func PresentPages(pagemap *os.File, r image.Range, excludeFile bool) ([]image.Range, error) {
	q := Query{Any: Present | Swapped, None: PFNZero | Guard}
	if excludeFile {
		q.None |= File
	}
	found, err := Scan(pagemap, r, q)
	if errors.Is(err, unix.EINVAL) {
		q.None &^= Guard
		return Scan(pagemap, r, q)
	}
	return found, err
}

// Contents is PresentPages and GuardPages in one look at the page tables. ErrUntold as
// with GuardPages; then nothing is found.
func Contents(pagemap *os.File, r image.Range, excludeFile bool) (present, guards []image.Range, err error) {
	q := Query{Any: Present | Swapped | Guard, None: PFNZero, Apart: Guard}
	if excludeFile {
		q.None |= File
	}
	err = each(pagemap, r, q, func(piece region) {
		if one := (image.Range{Start: piece.start, End: piece.end}); piece.categories&Guard != 0 {
			guards = appendJoined(guards, one)
		} else {
			present = appendJoined(present, one)
		}
	})
	if errors.Is(err, unix.EINVAL) {
		return nil, nil, ErrUntold
	}
	return present, guards, err
}

// ErrUntold: the kernel may have guard regions, but does not tell where.
var ErrUntold = errors.New("guard regions are not told")

// GuardPages finds the guard regions of r, or says ErrUntold.
func GuardPages(pagemap *os.File, r image.Range) ([]image.Range, error) {
	found, err := Scan(pagemap, r, Query{All: Guard})
	if errors.Is(err, unix.EINVAL) {
		err = ErrUntold
	}
	return found, err
}

// SwappedPages finds pages that are not in memory. Where guards are not told, they are among them.
func SwappedPages(pagemap *os.File, r image.Range) ([]image.Range, error) {
	return Scan(pagemap, r, Query{All: Swapped})
}

// ChangedPages finds the pages written since they were protected, and may name such as are
// not there. Asked so, the kernel looks at nothing else of a page. ErrNotTracked as with a scan
// that protects.
func ChangedPages(pagemap *os.File, r image.Range) ([]image.Range, error) {
	return Scan(pagemap, r, Query{All: Written, Flags: CheckWPAsync})
}

// WrittenAndProtect finds the present pages written since they were protected and
// protects them in the same step, so that no write between two calls is lost. The first
// call finds everything present. What of r was protected before ErrNotTracked is told with it.
func WrittenAndProtect(pagemap *os.File, r image.Range) ([]image.Range, error) {
	return Scan(pagemap, r, Query{All: Written, Any: Present | Swapped, Flags: WPMatching | CheckWPAsync})
}

package joint

import (
	"fmt"
	"os"
	"time"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// mode is what this node may do with a page. A stronger one is larger.
type mode uint8

const (
	initial mode = iota // at home to write it, elsewhere nothing
	nothing
	reads
	writes
)

type page struct {
	mode   mode
	wanted mode          // what it has been asked for; initial: nothing
	due    mode          // what is to be left of it, when it has been here long enough; initial: all
	grant  uint64        // by which it is here
	since  time.Duration // ... and since when, after started
}

// started is what times are counted from.
var started = time.Now()

type object struct {
	key   Key
	file  *os.File
	size  int64 // bytes of the file
	home  bool
	users int // beside the processes that have it mapped
	pages []page
	odd   int // pages that are not as in the beginning
}

func (o *object) usual() mode {
	if o.home {
		return writes
	}
	return nothing
}

func (o *object) mode(n uint64) mode {
	if m := o.pages[n].mode; m != initial {
		return m
	}
	return o.usual()
}

func (o *object) set(n uint64, m mode) {
	if m == o.usual() {
		m = initial
	}
	p := &o.pages[n]
	switch {
	case p.mode == initial && m != initial:
		o.odd++
	case p.mode != initial && m == initial:
		o.odd--
	}
	p.mode = m
}

// resize: at home it may have another size when all of it is here.
func (o *object) resize(pages uint64) error {
	st, err := o.file.Stat()
	if err != nil {
		return err
	}
	if uint64(len(o.pages)) != pages {
		if !o.home || o.odd > 0 {
			return fmt.Errorf("shared memory of %d bytes has %d now", len(o.pages)*image.PageSize, pages*image.PageSize)
		}
		o.pages = make([]page, pages)
	}
	if o.home {
		o.size = st.Size()
	}
	return nil
}

// run tells how many pages from n on, count at most, are like the first one.
func (o *object) run(n, count uint64, like func(a, b *page) bool) uint64 {
	i := uint64(1)
	for i < count && like(&o.pages[n], &o.pages[n+i]) {
		i++
	}
	return i
}

// read gives what is in pages.
func (o *object) read(n, count uint64) ([]byte, error) {
	b := make([]byte, count*image.PageSize)
	off := int64(n * image.PageSize)
	if off >= o.size {
		return b, nil
	}
	_, err := o.file.ReadAt(b[:min(int64(len(b)), o.size-off)], off)
	return b, err
}

// write puts contents into pages; the file does not grow by that.
func (o *object) write(n uint64, b []byte) error {
	off := int64(n * image.PageSize)
	if off >= o.size {
		return nil
	}
	_, err := o.file.WriteAt(b[:min(int64(len(b)), o.size-off)], off)
	return err
}

// punch has pages be missing in all processes.
func (o *object) punch(n, count uint64) error {
	off, size := int64(n*image.PageSize), int64(count*image.PageSize)
	if err := unix.Fallocate(int(o.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, size); err != nil {
		return err
	}
	// A large page of the kernel's that it could not split is cleared only.
	if at, err := unix.Seek(int(o.file.Fd()), off, unix.SEEK_DATA); err == nil && at < off+size {
		return unix.EBUSY
	}
	return nil
}

// fillHoles has pages of zeros be where there are none.
func (o *object) fillHoles(n, count uint64) error {
	fd := int(o.file.Fd())
	for at, end := int64(n*image.PageSize), min(int64((n+count)*image.PageSize), o.size); at < end; {
		hole, err := unix.Seek(fd, at, unix.SEEK_HOLE)
		if err != nil || hole >= end {
			return err
		}
		data, err := unix.Seek(fd, hole, unix.SEEK_DATA)
		if err != nil || data > end { // none follows
			data = end
		}
		// Without its contents: what has just been made there is not to be written over.
		if err := unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, hole, data-hole); err != nil {
			return err
		}
		at = data
	}
	return nil
}

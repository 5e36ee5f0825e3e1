package tracee

import (
	"errors"
	"sort"
	"sync"

	"openmosix/internal/linux/mem"
	"openmosix/internal/linux/pagemap"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"

	"golang.org/x/sys/unix"
)

// Memory is where pages are stored.
type Memory interface {
	Write(addr uint64, b []byte) error
}

// Filling stores pages in the memory of a process that stands still, most of which holds
// nothing yet. There the kernel takes a page and fills it in one step, by a userfaultfd;
// written to, it would look the page up, find none, take one and clear it first, which
// costs twice as much.
//
// Until Close nobody but the Filling can write, or read, where nothing is yet. Several may use it
// at once.
type Filling struct {
	space *mem.Space

	mu    sync.RWMutex // held to read by who stores
	fd    uffd.FD
	empty []image.Range // where pages are filled, sorted; nil: nowhere any more
}

// Fill begins to store pages by a parked thread, whose process has these mappings. Where
// that is not possible, and where the kernel takes huge pages by itself, which are cheaper
// still, the Filling writes as ever.
func (t *Thread) Fill(vmas []image.VMA) *Filling {
	f := &Filling{space: t.Proc.Mem, fd: -1}
	regions, err := t.Proc.Family.FS.Smaps(t.Proc.PID)
	if err != nil {
		return f
	}
	var huge, where []image.Range
	for i := range regions {
		if regions[i].HugePages {
			huge = append(huge, regions[i].Range)
		}
	}
	for i := range vmas {
		r := []image.Range{vmas[i].Range}
		if vmas[i].Fetchable() && len(layout.Intersect(r, huge)) == 0 {
			where = append(where, r...)
		}
	}
	fd, err := t.Proc.userfaultfd(t.Must, 0)
	if err != nil {
		return f
	}
	f.fill(fd, where)
	return f
}

// fill has pages of sorted mappings be filled. fd is the Filling's from then on.
func (f *Filling) fill(fd uffd.FD, where []image.Range) {
	f.fd = fd
	for _, r := range where {
		if fd.Register(r.Start, r.Len(), uffd.ModeMissing) == nil {
			f.empty = append(f.empty, r)
		}
	}
}

// Close leaves the memory as it is.
func (f *Filling) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fd >= 0 {
		_ = f.fd.Close()
	}
	f.fd, f.empty = -1, nil
}

// Write stores whole pages. If they cannot be filled in, whatever it is, the ordinary way may do.
func (f *Filling) Write(at uint64, b []byte) error {
	done, err := f.write(at, b)
	if errors.Is(err, errUnfilled) {
		f.Close()
		err = mem.Forced{Space: f.space}.Write(at+done, b[done:])
	}
	return err
}

var errUnfilled = errors.New("pages cannot be filled in")

func (f *Filling) write(at uint64, b []byte) (done uint64, err error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for done < uint64(len(b)) {
		n, fills := f.piece(at+done, uint64(len(b))-done)
		store := mem.Forced{Space: f.space}.Write
		if fills {
			store = f.put
		}
		if err := store(at+done, b[done:done+n]); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// piece is how much at a place is stored in the same way, and whether by filling.
func (f *Filling) piece(at, most uint64) (n uint64, fills bool) {
	i := sort.Search(len(f.empty), func(i int) bool { return f.empty[i].End > at })
	switch {
	case i == len(f.empty):
		return most, false
	case at < f.empty[i].Start:
		return min(most, f.empty[i].Start-at), false
	}
	return min(most, f.empty[i].End-at), true
}

// put fills pages of one mapping.
func (f *Filling) put(at uint64, b []byte) error {
	for len(b) > 0 {
		n, errno := f.fd.Copy(at, b, 0)
		switch {
		case n > 0:
		case errno == unix.EEXIST:
			n = f.present(image.Range{Start: at, End: at + uint64(len(b))})
			if err := (mem.Forced{Space: f.space}).Write(at, b[:n]); err != nil {
				return err
			}
		default:
			return errUnfilled
		}
		at, b = at+uint64(n), b[n:]
	}
	return nil
}

// present is how much of a range is there from its beginning on. At least one page is.
func (f *Filling) present(r image.Range) int {
	found, err := pagemap.Scan(f.space.Pagemap(), r, pagemap.Query{Any: pagemap.Present | pagemap.Swapped})
	if err != nil || len(found) == 0 || found[0].Start != r.Start {
		return image.PageSize
	}
	return int(found[0].Len())
}

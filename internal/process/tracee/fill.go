package tracee

import (
	"sort"

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

// Filling stores pages in the memory of a process, most of which holds nothing yet. There
// the kernel takes a page and fills it in one step, by a userfaultfd; written to, it would
// look the page up, find none, take one and clear it first, which costs twice as much.
//
// Others may use the memory meanwhile. To be filled a mapping needs a userfaultfd, of
// whichever mode: in this one a page that nobody has protected is used as ever, whether it is
// there or not, where a missing one would otherwise wait for somebody, or fail.
type Filling struct {
	space *mem.Space
	fd    uffd.FD
	empty []image.Range // where pages are filled, sorted
}

// Filling makes one, by a parked thread. Until it has places, and where it cannot be made, it
// writes as ever.
func (t *Thread) Filling() *Filling {
	f := &Filling{space: t.Proc.Mem, fd: -1}
	if fd, err := t.Proc.userfaultfd(t.Must, 0); err == nil {
		f.fd = fd
	}
	return f
}

// Places has pages of the process's mappings be filled from now on, but where the kernel takes
// huge pages by itself: these are cheaper still. A mapping that is changed later is written.
func (f *Filling) Places(p *Process, vmas []image.VMA) {
	if f.fd < 0 {
		return
	}
	regions, err := p.Family.FS.Smaps(p.PID)
	if err != nil {
		return
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
	f.fill(where)
}

// fill has pages of sorted mappings be filled.
func (f *Filling) fill(where []image.Range) {
	for _, r := range where {
		if f.fd.Register(r.Start, r.Len(), uffd.ModeWP) == nil {
			f.empty = append(f.empty, r)
		}
	}
}

// Close leaves the memory as it is. Nobody stores any more. A nil Filling may be closed.
//
// In the end the kernel looks through all of a mapping for pages that were protected, 20 ms for
// each GB, unless it has another mode by then.
func (f *Filling) Close() {
	if f == nil || f.fd < 0 {
		return
	}
	for _, r := range f.empty {
		_ = f.fd.Register(r.Start, r.Len(), uffd.ModeMissing) // if that fails it takes longer
	}
	_ = f.fd.Close()
	f.fd, f.empty = -1, nil
}

// Write stores whole pages. Several may at once.
func (f *Filling) Write(at uint64, b []byte) error {
	for len(b) > 0 {
		n, fills := f.piece(at, uint64(len(b)))
		store := f.space.Write
		if fills {
			store = f.put
		}
		if err := store(at, b[:n]); err != nil {
			return err
		}
		at, b = at+n, b[n:]
	}
	return nil
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

// put fills pages of one mapping. If they cannot be, whatever it is, the ordinary way may do.
func (f *Filling) put(at uint64, b []byte) error {
	for len(b) > 0 {
		n, errno := f.fd.Copy(at, b, 0)
		if n <= 0 {
			if n = len(b); errno == unix.EEXIST {
				n = f.present(image.Range{Start: at, End: at + uint64(n)})
			}
			if err := f.space.Write(at, b[:n]); err != nil {
				return err
			}
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

package tracee

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sort"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// PrivatePages lists the pages that hold contents of the process's own: all
// that is present in anonymous mappings, and pages of private file mappings
// that were written. Unwritten pages of files are known by the file.
func (p *Process) PrivatePages(vmas []image.VMA) ([]image.Range, error) {
	var all []image.Range
	for i := range vmas {
		v := &vmas[i]
		if !private(v) {
			continue
		}
		rs, err := pagemap.PresentPages(p.Mem.Pagemap(), v.Range, v.Kind == image.File)
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
	}
	return layout.Union(all), nil
}

// absentAtOnce is how many ranges go into one frame.
const absentAtOnce = 1 << 15

// SendAbsent has the other side drop what private memory holds nothing of here. It goes
// behind the pages: what came ahead may be gone, and for one page the other kernel may have
// taken a huge one.
func SendAbsent(vmas []image.VMA, present []image.Range, emit Emit) error {
	for some := range slices.Chunk(layout.Subtract(PrivateRanges(vmas), present), absentAtOnce) {
		if err := emit(wire.Zero, wire.Encode(wire.RangesMsg{Ranges: some})); err != nil {
			return err
		}
	}
	return nil
}

// StorePages writes one Pages frame into a process.
func StorePages(into Memory, data []byte) error {
	if len(data) < 8 || (len(data)-8)%image.PageSize != 0 {
		return fmt.Errorf("pages: frame of %d bytes", len(data))
	}
	return into.Write(le.Uint64(data), data[8:])
}

// OwnDescriptor finds a descriptor that the process itself has of a file of its own (image.Sole); negative: it has
// none. To close another one would end its locks (fcntl(2)).
type OwnDescriptor func(f *image.FileID) int

// HeldFile finds the open file of an image; nil: it is not held.
type HeldFile func(f *image.FileID) *os.File

// Remap turns a parked process's address space into the image's. The heap's end
// is set first: a mapping grown over it would make brk fail unnoticed. Files
// that are to be mapped come from held, or else by their names; they are all
// opened before anything is unmapped. What was stored beforehand in ranges that
// are mapped anew is kept.
func (t *Thread) Remap(img *image.Image, held HeldFile, own OwnDescriptor, stored []image.Range) error {
	p := t.Proc
	if got, err := t.Call(unix.SYS_BRK, img.Layout.Brk); err != nil {
		return err
	} else if uint64(got) != img.Layout.Brk {
		return fmt.Errorf("the end of the heap is %#x and cannot become %#x", got, img.Layout.Brk)
	}
	have, files, err := p.Mappings(nil)
	if err != nil {
		return err
	}
	same := func(a, b uint32) bool {
		x, y := files[a], img.Files[b]
		return x.Dev == y.Dev && x.Ino == y.Ino
	}
	opened, its := map[uint32]int{}, map[uint32]int{}
	defer func() {
		for _, fd := range opened {
			_, _ = t.Call(unix.SYS_CLOSE, uint64(fd))
		}
	}()
	ops := layout.Diff(have, img.VMAs, same)
	for _, o := range ops {
		i := o.VMA.File
		if _, ok := opened[i]; ok || o.Action != layout.Map || !o.VMA.OfFile() {
			continue
		}
		if fd := own(&img.Files[i]); img.Files[i].Sole && fd >= 0 {
			its[i] = fd
			continue
		}
		if opened[i], err = t.openFor(&img.Files[i], held); err != nil {
			delete(opened, i)
			return err
		}
	}
	return t.ApplyKeeping(ops, func(i uint32) (int, error) {
		if fd, ok := its[i]; ok {
			return fd, nil
		}
		return opened[i], nil
	}, stored)
}

// openFor gives the process a descriptor of a file that it has to map.
func (t *Thread) openFor(f *image.FileID, held HeldFile) (int, error) {
	h := held(f)
	if f.Sole {
		if h == nil {
			return -1, fmt.Errorf("%s is not one that the process had", f.Path)
		}
		return t.Pass(h)
	}
	if h != nil {
		if fd, err := t.Give(h); err == nil {
			return fd, nil
		}
	}
	return t.openMapped(f)
}

// ApplyKeeping is Apply that keeps what was stored in ranges that are mapped anew.
func (t *Thread) ApplyKeeping(ops []layout.Op, open OpenFile, stored []image.Range) error {
	var anew []image.Range
	for _, o := range ops {
		if o.Action == layout.Map {
			anew = append(anew, o.Range)
		}
	}
	var kept [][]byte
	space := t.Proc.Mem
	collect := func(kind uint8, parts ...[]byte) error {
		kept = append(kept, bytes.Join(parts, nil))
		return nil
	}
	if lost := layout.Intersect(layout.Union(anew), stored); len(lost) > 0 {
		if _, err := SendPages(space, lost, collect); err != nil {
			return err
		}
	}
	if err := t.Apply(ops, open); err != nil {
		return err
	}
	for _, k := range kept {
		if err := StorePages(t.Proc.Forced(), k); err != nil {
			return err
		}
	}
	return nil
}

// openMapped opens, inside the process, a file that it had mapped.
func (t *Thread) openMapped(f *image.FileID) (int, error) {
	const pathOff = 1024
	fd, err := t.Must("open "+f.Path, unix.SYS_OPENAT, uint64(0xffffffffffffff9c), t.Put(pathOff, append([]byte(f.Path), 0)), unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return -1, err
	}
	if _, err := t.Must("fstat", unix.SYS_FSTAT, uint64(fd), t.WindowAddr()); err != nil {
		return -1, err
	}
	const inoAt = 8
	if le.Uint64(t.Get(inoAt, 8)) != f.Ino {
		_, _ = t.Call(unix.SYS_CLOSE, uint64(fd))
		return -1, fmt.Errorf("%s is another file by now", f.Path)
	}
	return int(fd), nil
}

// Drop empties ranges of anonymous memory, whatever is there, locked or not.
func (t *Thread) Drop(rs []image.Range) error {
	for _, r := range rs {
		if _, err := t.Must("madvise", unix.SYS_MADVISE, r.Start, r.Len(), unix.MADV_DONTNEED_LOCKED); err != nil {
			return fmt.Errorf("%#x-%#x: %w", r.Start, r.End, err)
		}
	}
	return nil
}

// Discard drops private contents in ranges, which are sorted: anonymous memory reads as zeros
// afterwards, private file mappings show the file again. vmas are the process's mappings;
// elsewhere nothing is dropped. There may be a hundred thousand ranges and hardly anything in
// them: a look of its own at each costs a call, one look at all of them costs a walk over
// gigabytes that lie between.
func (t *Thread) Discard(vmas []image.VMA, rs []image.Range) error {
	rs = layout.Union(rs)
	for _, v := range within(vmas, layout.Near(rs, worthWalking)) {
		present, err := pagemap.PresentPages(t.Proc.Mem.Pagemap(), v.Range, v.Kind == image.File)
		if err != nil {
			return err
		}
		if err := t.Drop(layout.Intersect(present, rs)); err != nil {
			return err
		}
	}
	return nil
}

// within is what of private mappings lies in sorted ranges.
func within(vmas []image.VMA, rs []image.Range) []image.VMA {
	var parts []image.VMA
	for i := range vmas {
		if !private(&vmas[i]) {
			continue
		}
		first := sort.Search(len(rs), func(j int) bool { return rs[j].End > vmas[i].Start })
		for _, r := range rs[first:] {
			if r.Start >= vmas[i].End {
				break
			}
			part := vmas[i]
			part.Range = image.Range{Start: max(r.Start, part.Start), End: min(r.End, part.End)}
			parts = append(parts, part)
		}
	}
	return parts
}

// worthWalking is what the kernel looks through in the time of a call.
const worthWalking = 256 * image.PageSize

package guest

import (
	"openmosix/internal/model/image"
)

// robustPages are those of the robust futexes that a frozen body's threads hold. Where the
// process goes they are not to be missing: at home nobody has them come before a
// thread ends, and the kernel waits for nothing then. Those that a thread takes later it
// writes to.
func (b *body) robustPages(img *image.Image) []image.Range {
	var all []image.Range
	add := func(a uint64) {
		page := a &^ (image.PageSize - 1)
		all = append(all, image.Range{Start: page, End: page + image.PageSize})
	}
	word := func(a uint64) (uint64, bool) {
		var w [8]byte
		err := b.Mem.Read(a, w[:])
		return le.Uint64(w[:]), err == nil
	}
	for i := range img.Threads {
		head := img.Threads[i].Robust
		if head == 0 {
			continue
		}
		offset, ok := word(head + 8)
		if !ok {
			continue
		}
		if at, ok := word(head + 16); ok && at != 0 {
			add(at &^ 1)
			add(at&^1 + offset)
		}
		at, ok := word(head)
		for n := 0; ok && n < maxRobust && at&^1 != head; n++ {
			add(at &^ 1)
			add(at&^1 + offset)
			at, ok = word(at &^ 1)
		}
	}
	return all
}

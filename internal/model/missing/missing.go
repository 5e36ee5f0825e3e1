// Package missing keeps which pages of a moved process are not where it runs
// yet, which of them have been asked for, and what each is called where it still
// is: by the address it had when the process left.
//
// The process may move, drop and replace its memory meanwhile; the owner of a
// Set repeats that here, in the order in which it happens. Pure; not for
// concurrent use.
package missing

import (
	"math/bits"
	"slices"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

const (
	chunkPages = 512
	chunkSize  = chunkPages * image.PageSize
	wordBits   = 64
)

// chunk has a bit for each of its pages.
type chunk struct {
	missing, asked [chunkPages / wordBits]uint64
}

func (c *chunk) empty() bool { return c.missing == [chunkPages / wordBits]uint64{} }

// move is a stretch of addresses that the process has moved.
type move struct{ from, to image.Range }

// Set is the pages that are missing.
type Set struct {
	chunks map[uint64]*chunk // by number
	order  []uint64          // their numbers, ascending
	pages  uint64
	moves  []move // in their order
}

// New is the set of all pages of ranges.
func New(ranges []image.Range) *Set {
	s := &Set{chunks: map[uint64]*chunk{}}
	for _, r := range layout.Union(ranges) {
		for a := r.Start; a < r.End; {
			n, w, bit := place(a)
			c := s.chunk(n)
			if bit == 1 && r.End-a >= wordBits*image.PageSize {
				c.missing[w] = ^uint64(0)
				a += wordBits * image.PageSize
				continue
			}
			c.missing[w] |= bit
			a += image.PageSize
		}
		s.pages += r.Len() / image.PageSize
	}
	return s
}

// Clone is another set of the same pages, of which the same are asked for.
func (s *Set) Clone() *Set {
	c := &Set{chunks: make(map[uint64]*chunk, len(s.chunks)), order: slices.Clone(s.order), pages: s.pages, moves: slices.Clone(s.moves)}
	for n, k := range s.chunks {
		one := *k
		c.chunks[n] = &one
	}
	return c
}

// place is where the bit of a page is.
func place(a uint64) (number uint64, word int, bit uint64) {
	page := a / image.PageSize
	return page / chunkPages, int(page % chunkPages / wordBits), 1 << (page % wordBits)
}

// chunk finds or makes one.
func (s *Set) chunk(n uint64) *chunk {
	c := s.chunks[n]
	if c == nil {
		c = &chunk{}
		s.chunks[n] = c
		i, _ := slices.BinarySearch(s.order, n)
		s.order = slices.Insert(s.order, i, n)
	}
	return c
}

func (s *Set) add(a uint64, asked bool) {
	n, w, bit := place(a)
	c := s.chunk(n)
	if c.missing[w]&bit == 0 {
		s.pages++
	}
	c.missing[w] |= bit
	if asked {
		c.asked[w] |= bit
	}
}

// Pages is how many are missing.
func (s *Set) Pages() uint64 { return s.pages }

// Has tells whether the page at a is missing.
func (s *Set) Has(a uint64) bool {
	n, w, bit := place(a)
	c := s.chunks[n]
	return c != nil && c.missing[w]&bit != 0
}

// Asked tells whether the page at a is missing and has been asked for.
func (s *Set) Asked(a uint64) bool {
	n, w, bit := place(a)
	c := s.chunks[n]
	return c != nil && c.missing[w]&c.asked[w]&bit != 0
}

// each calls f with the missing pages of r, ascending, until f says that it is
// enough. f may remove the page it is called with.
func (s *Set) each(r image.Range, f func(a uint64, asked bool) bool) {
	first, _ := slices.BinarySearch(s.order, r.Start/chunkSize)
	end, _ := slices.BinarySearch(s.order, (r.End+chunkSize-1)/chunkSize)
	if first >= end {
		return
	}
	for _, n := range slices.Clone(s.order[first:end]) {
		c := s.chunks[n]
		for w := 0; c != nil && w < len(c.missing); w++ {
			for rest := c.missing[w]; rest != 0; rest &= rest - 1 {
				bit := bits.TrailingZeros64(rest)
				a := n*chunkSize + uint64(w*wordBits+bit)*image.PageSize
				if a < r.Start {
					continue
				}
				if a >= r.End || !f(a, c.asked[w]>>bit&1 != 0) {
					return
				}
			}
		}
	}
}

// First is the first missing page of r.
func (s *Set) First(r image.Range) (a uint64, any bool) {
	s.each(r, func(page uint64, _ bool) bool {
		a, any = page, true
		return false
	})
	return a, any
}

// Remove takes pages out: they have come, or the process has dropped them.
func (s *Set) Remove(r image.Range) {
	s.each(r, func(a uint64, _ bool) bool {
		n, w, bit := place(a)
		c := s.chunks[n]
		c.missing[w] &^= bit
		c.asked[w] &^= bit
		s.pages--
		if c.empty() {
			delete(s.chunks, n)
			if i, found := slices.BinarySearch(s.order, n); found {
				s.order = slices.Delete(s.order, i, i+1)
			}
		}
		return true
	})
}

// Move repeats an mremap(2): what was missing at from is missing at to, where
// nothing of the process was any more.
func (s *Set) Move(from, to, length uint64) {
	r := image.Range{Start: from, End: from + length}
	type page struct {
		at    uint64
		asked bool
	}
	var pages []page
	s.each(r, func(a uint64, asked bool) bool {
		pages = append(pages, page{a, asked})
		return true
	})
	s.Remove(r)
	s.Remove(image.Range{Start: to, End: to + length})
	if len(pages) == 0 {
		return
	}
	for _, p := range pages {
		s.add(p.at-from+to, p.asked)
	}
	s.moves = append(s.moves, move{r, image.Range{Start: to, End: to + length}})
}

// origin is the address that the missing page at a had when the process left.
func (s *Set) origin(a uint64) uint64 {
	for _, m := range slices.Backward(s.moves) {
		if a >= m.to.Start && a < m.to.End {
			a = a - m.to.Start + m.from.Start
		}
	}
	return a
}

// Now is where a missing page is to be put that was at origin when the process
// left. False: it is not missing.
func (s *Set) Now(origin uint64) (uint64, bool) {
	a := origin
	for _, m := range s.moves {
		if a >= m.from.Start && a < m.from.End {
			a = a - m.from.Start + m.to.Start
		}
	}
	// Another page may be missing there by now.
	return a, s.Has(a) && s.origin(a) == origin
}

// LeftFrom tells whether a page is missing that was in r when the process left, and is elsewhere by now.
func (s *Set) LeftFrom(r image.Range) bool {
	found := false
	for _, m := range s.moves {
		s.each(m.to, func(a uint64, _ bool) bool {
			o := s.origin(a)
			found = o != a && r.Start <= o && o < r.End
			return !found
		})
		if found {
			break
		}
	}
	return found
}

// Ask marks missing pages of r as asked for, most bytes of those that were not, and lists
// their origins. next is where to go on.
func (s *Set) Ask(r image.Range, most uint64) (origins []image.Range, next uint64) {
	next = r.End
	s.each(r, func(a uint64, asked bool) bool {
		switch {
		case asked:
			return true
		case most < image.PageSize:
			next = a
			return false
		}
		n, w, bit := place(a)
		s.chunks[n].asked[w] |= bit
		most -= image.PageSize
		o := s.origin(a)
		if n := len(origins); n > 0 && origins[n-1].End == o {
			origins[n-1].End += image.PageSize
		} else {
			origins = append(origins, image.Range{Start: o, End: o + image.PageSize})
		}
		return true
	})
	return origins, next
}

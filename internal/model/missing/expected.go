package missing

import "openmosix/internal/model/image"

// Expected is the pages that were asked of who has them and that have not come yet.
type Expected struct{ set Set }

// Add notes that pages were asked for.
func (e *Expected) Add(ranges []image.Range) {
	if e.set.chunks == nil {
		e.set.chunks = map[uint64]*chunk{}
	}
	for _, r := range ranges {
		for a := r.Start; a < r.End; a += image.PageSize {
			e.set.add(a, false)
		}
	}
}

// Take notes that pages have come. False: one of them is not expected, and nothing is noted
// from there on.
func (e *Expected) Take(r image.Range) bool {
	for a := r.Start; a < r.End; a += image.PageSize {
		if !e.set.Has(a) {
			return false
		}
		e.set.Remove(image.Range{Start: a, End: a + image.PageSize})
	}
	return true
}

// Bytes is how much is expected.
func (e *Expected) Bytes() uint64 { return e.set.Pages() * image.PageSize }

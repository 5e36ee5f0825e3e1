package missing

import (
	"slices"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// What is left to send of a frozen process is sent, or left for later: that is
// decided by how long it would take.

// When tells whether pages may follow when the process runs.
type When uint8

const (
	Never  When = iota // all are sent before
	Chosen             // when there is more than is sent in a moment
	Always             // whatever can
)

const (
	// stillFor is how long sending may keep a process standing.
	stillFor = 15 * time.Millisecond
	// Between these, whatever was measured; the default when nothing was.
	leastRest   = 128 << 10
	defaultRest = 2 << 20
	mostRest    = 16 << 20
	// mostLater is how many ranges may be left for later: the other side empties each.
	mostLater = 1024
)

// Later is what of the pages that are left of a frozen process follows later, when
// they were sent at a rate, in bytes per second (0: nothing was). It covers some of
// what lies between: to fetch that again costs less than many ranges. The pages
// besides do not follow.
func Later(img *image.Image, left []image.Range, when When, rate float64, besides ...image.Range) []image.Range {
	if when == Never {
		return nil
	}
	later := fetchable(img, left, besides)
	if when == Chosen && layout.Bytes(later) <= worthSending(rate) {
		return nil
	}
	return fetchable(img, layout.Coarse(later, mostLater), besides)
}

// worthSending is how much is sent at a rate.
func worthSending(rate float64) uint64 {
	if rate == 0 {
		return defaultRest
	}
	return uint64(min(max(rate*stillFor.Seconds(), leastRest), mostRest))
}

// fetchable is what of some ranges may be missing where the process runs. What the
// kernel reads and writes when a thread ends must not: there it waits for nothing;
// what the threads use first need not; and in a guard region there are no pages.
func fetchable(img *image.Image, rs, besides []image.Range) []image.Range {
	var can []image.Range
	first := slices.Concat(besides, img.Guards)
	for i := range img.VMAs {
		if v := &img.VMAs[i]; v.Fetchable() {
			can = append(can, v.Range)
		}
	}
	need := func(from, to uint64) {
		first = append(first, image.Range{Start: from &^ (image.PageSize - 1), End: (to + image.PageSize - 1) &^ (image.PageSize - 1)})
	}
	const below, above = 4 * image.PageSize, 2 * image.PageSize
	for i := range img.Threads {
		t := &img.Threads[i]
		need(t.ClearTID, t.ClearTID+4)
		need(t.Robust, t.Robust+t.RobustLen)
		need(t.Rseq.Addr, t.Rseq.Addr+uint64(t.Rseq.Size))
		need(t.Regs.FsBase-min(image.PageSize, t.Regs.FsBase), t.Regs.FsBase+image.PageSize)
		need(t.Regs.Rsp-min(below, t.Regs.Rsp), t.Regs.Rsp+above)
	}
	return layout.Subtract(layout.Intersect(layout.Union(rs), layout.Union(can)), layout.Union(first))
}

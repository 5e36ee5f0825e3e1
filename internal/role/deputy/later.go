package deputy

import (
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// What is left to send of a frozen process is sent, or left for later: that is
// decided by how long it would take.

const (
	// stillFor is how long sending may keep a process standing.
	stillFor = 15 * time.Millisecond
	// Between these, whatever was measured; the default when nothing was.
	leastRest   = 2 << 20
	defaultRest = 4 << 20
	mostRest    = 16 << 20
	// mostLater is how many ranges may be left for later: the other side empties each.
	mostLater = 1024
)

// rest is what the other side does not hold yet of a frozen process.
type rest struct {
	send, later, dropped []image.Range
}

// divide finds the rest and decides what is sent before the process runs there.
func (f *frozen) divide() error {
	p := f.p
	present, err := p.PrivatePages(f.img.VMAs)
	if err != nil {
		return err
	}
	left := present
	if len(f.ahead.Sent) > 0 {
		written, err := p.Written(f.img.VMAs)
		if err != nil {
			return err
		}
		left = f.ahead.Left(present, written)
	}
	f.rest = rest{send: left, dropped: layout.Subtract(f.ahead.Sent, present)}
	if f.strategy == supervisor.PreCopy || !f.link.fetches.Load() {
		return nil
	}
	later := fetchable(f.img, left)
	if f.strategy != supervisor.PostCopy && layout.Bytes(later) <= worthSending(f.ahead.Rate) {
		return nil
	}
	// What lies between may be fetched again, which costs less than many ranges.
	later = fetchable(f.img, layout.Coarse(later, mostLater))
	f.rest.later = later
	f.rest.send = layout.Subtract(left, later)
	f.rest.dropped = layout.Subtract(f.rest.dropped, later)
	return nil
}

// worthSending is how much is sent at a rate, in bytes per second.
func worthSending(rate float64) uint64 {
	if rate == 0 {
		return defaultRest
	}
	return uint64(min(max(rate*stillFor.Seconds(), leastRest), mostRest))
}

// fetchable is what of some ranges may be missing where the process runs. What the
// kernel reads and writes when a thread ends must not: there it waits for nothing;
// and what the threads use first need not.
func fetchable(img *image.Image, rs []image.Range) []image.Range {
	var can, first []image.Range
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

// sendRest sends what is to be there before the process runs, and has the other side
// forget what the process has dropped meanwhile.
func (f *frozen) sendRest() error {
	emit := func(kind uint8, parts ...[]byte) error {
		return reach(f.link.send(kind, f.p.Own, parts...))
	}
	if len(f.rest.dropped) > 0 {
		if err := emit(wire.Zero, wire.Encode(wire.RangesMsg{Ranges: f.rest.dropped})); err != nil {
			return err
		}
	}
	_, err := tracee.SendPages(f.p.Mem, f.rest.send, emit)
	return err
}

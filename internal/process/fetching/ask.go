package fetching

import (
	"slices"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/wire"
)

// What is asked for, and when: around a fault at once; and always a little more,
// from the last fault on, of which there is more and more on the way while no
// faults come.

const (
	// around is how much is asked for at a fault.
	around = 64 << 10
	// Of the stream's steps there are two on the way.
	leastStep = 64 << 10
	mostStep  = 4 << 20
)

// stream is what is asked for in the background.
type stream struct {
	at    uint64 // where it goes on
	step  uint64 // zero: it has not begun
	onWay uint64 // bytes that were asked for and have not come, for faults and by itself
}

// fault has the stream go on behind a fault, carefully.
func (s *stream) fault(behind uint64) { s.at, s.step = behind, leastStep }

// next is how much to ask for now.
func (s *stream) next() uint64 {
	s.step = max(s.step, leastStep)
	if s.onWay >= 2*s.step {
		return 0
	}
	most := 2*s.step - s.onWay
	s.step = min(2*s.step, mostStep)
	return most
}

func (s *stream) came(n uint64) { s.onWay -= min(n, s.onWay) }

// askAround asks for what a thread waits for. mu is held.
func (f *Fetching) askAround(a uint64) {
	start := a &^ (around - 1)
	f.want(image.Range{Start: start, End: start + around}, around, true)
	f.stream.fault(start + around)
}

// ask asks for more in the background. mu is held.
func (f *Fetching) ask() {
	n := f.stream.next()
	if n == 0 {
		return
	}
	n -= f.want(image.Range{Start: f.stream.at, End: addressEnd}, n, false)
	if n > 0 { // from the beginning
		f.want(image.Range{End: f.stream.at}, n, false)
	}
}

// addressEnd is above every address of a program.
const addressEnd = 1 << 47

// wantedAtOnce is how many ranges go into one request.
const wantedAtOnce = 1024

// want asks for missing pages of r, and tells how many bytes that were. mu is held.
func (f *Fetching) want(r image.Range, most uint64, urgent bool) uint64 {
	origins, next := f.own.set.Ask(r, most)
	if len(origins) == 0 {
		return 0
	}
	n := layout.Bytes(origins)
	f.stream.onWay += n
	if !urgent {
		f.stream.at = next
	}
	for some := range slices.Chunk(origins, wantedAtOnce) {
		// A connection that is lost is told otherwise.
		_ = f.side.Want(wire.WantMsg{Ranges: some, Urgent: urgent})
	}
	return n
}

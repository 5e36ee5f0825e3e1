package fetching

import (
	"slices"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/wire"
)

// What is asked for, and when: around a fault at once; and always more in the background, from the
// last fault on, as much as the way takes without delay.

// around is how much is asked for at a fault.
const around = 64 << 10

// askAround asks for what a thread waits for. If that is on its way already, the background is where it is
// wanted. mu is held.
func (f *Fetching) askAround(a uint64) {
	start := a &^ (around - 1)
	asked := f.own.set.Asked(a)
	f.want(image.Range{Start: start, End: start + around}, around, true)
	if !asked {
		f.next = start + around
		f.window.Narrow()
	}
}

// ask asks for more in the background. mu is held.
func (f *Fetching) ask() {
	for n := f.window.Room(); n > 0; n = f.window.Room() {
		rest := n - f.want(image.Range{Start: f.next, End: addressEnd}, n, false)
		if rest > 0 { // from the beginning
			rest -= f.want(image.Range{End: f.next}, rest, false)
		}
		if rest > 0 {
			return
		}
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
	f.window.Asked(n, time.Since(f.Begun))
	if !urgent {
		f.next = next
	}
	for some := range slices.Chunk(origins, wantedAtOnce) {
		// A connection that is lost is told otherwise.
		_ = f.side.Want(wire.WantMsg{Ranges: some, Urgent: urgent})
	}
	return n
}

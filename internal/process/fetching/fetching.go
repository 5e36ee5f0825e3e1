// Package fetching brings the pages that a process needs and that have not been sent
// yet: what a thread waits for at once, with its neighbours, and the rest in the
// background. It serves the faults by a userfaultfd of the process.
//
// It does not know where the pages come from, nor what becomes of the process: that is
// its Side's. Nothing that it waits for may need a page: who passes on what has come
// does not touch the process's memory meanwhile.
//
// Lock order: whatever the Side holds, then Fetching.mu; Want is called under it.
package fetching

import (
	"os"
	"sync"
	"time"

	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/wire"
)

// Side is who has a process fetch.
type Side interface {
	// Want asks for pages. It does not wait.
	Want(wire.WantMsg) error
	// Failed: the process cannot go on. It does not wait.
	Failed(error)
	// Whole: nothing is missing, and nobody is told of faults any more. Done is closed
	// afterwards.
	Whole(*Fetching)
}

// Fetching is the pages that one process lacks.
type Fetching struct {
	side Side
	came chan []byte   // Fetched frames
	done chan struct{} // closed when nothing is missing, or the process has ended

	Mine  []image.Range // the mappings in which pages are served
	Pages uint64        // missing in the beginning
	Begun time.Time

	// mu is held while pages are filled and while messages are read: package uffd
	// says why.
	mu     sync.Mutex
	own    *space
	forked []*space // of children, which stand still
	window missing.Window
	next   uint64   // where the background goes on
	waits  uint64   // faults at missing pages
	faults []uint64 // reported, and still to be answered
	later  bool     // another attempt is on its way
	over   bool
	zeroed image.Range // as last filled with zeros for a fault
}

// space is one address space and what is missing in it.
type space struct {
	fd      uffd.FD
	file    *os.File // the same
	set     *missing.Set
	pieces  []wire.Piece         // come, and still to be put
	without map[uint64]time.Time // since when one of them has no mapping to be put in, by its place at home
}

func newSpace(fd uffd.FD, set *missing.Set) *space {
	return &space{fd: fd, file: os.NewFile(uintptr(fd), "userfaultfd"), set: set}
}

// New begins to serve what a process lacks, which has the mappings vmas; fd is its
// userfaultfd, which is closed in the end. Precondition: the process stands
// still, and nothing is at the missing places.
func New(side Side, fd uffd.FD, lacks []image.Range, vmas []image.VMA) (*Fetching, error) {
	f := &Fetching{side: side, own: newSpace(fd, missing.New(lacks)), Begun: time.Now(), came: make(chan []byte, cameSize), done: make(chan struct{})}
	f.Pages = f.own.set.Pages()
	for _, v := range WithAny(vmas, lacks) {
		if err := fd.Register(v.Start, v.Len(), uffd.ModeMissing); err != nil {
			_ = f.own.file.Close()
			return nil, err
		}
		f.Mine = append(f.Mine, v.Range)
	}
	go f.watch()
	go f.fill()
	return f, nil
}

// Begin has the background go.
func (f *Fetching) Begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over {
		f.ask()
	}
}

// cameSize is how many frames may wait; more than can be on the way.
const cameSize = 64

// WithAny lists the mappings that have pages among some ranges. They are watched as
// a whole: a mapping that is cut in two could not be moved or enlarged any more.
func WithAny(vmas []image.VMA, ranges []image.Range) []image.VMA {
	var some []image.VMA
	for _, v := range vmas {
		if len(layout.Intersect([]image.Range{v.Range}, ranges)) > 0 {
			some = append(some, v)
		}
	}
	return some
}

// Came takes a Fetched frame. It may wait until there is room.
func (f *Fetching) Came(data []byte) {
	select {
	case f.came <- data:
	case <-f.done:
	}
}

// Done is closed when the fetching is over.
func (f *Fetching) Done() <-chan struct{} { return f.done }

// Missing is how many bytes are to come.
func (f *Fetching) Missing() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var n uint64
	for _, s := range f.all() { // what comes is put into all of them
		n = max(n, s.set.Pages())
	}
	return n * image.PageSize
}

// LeftFrom tells whether pages are missing that were at r when the process left, and belong elsewhere by now.
func (f *Fetching) LeftFrom(r image.Range) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.own.set.LeftFrom(r)
}

// Waits is how many faults had to wait for a page.
func (f *Fetching) Waits() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waits
}

// End gives up: the process has ended, and so have those that it has forked.
func (f *Fetching) End() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end()
}

// Left tells that the process has ended. What it has forked meanwhile still gets what it lacks.
func (f *Fetching) Left() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended(f.own)
}

// fail: the process cannot go on without what is not given. mu is held.
func (f *Fetching) fail(err error) {
	if f.over {
		return
	}
	f.side.Failed(err)
	f.end()
}

// end is End with mu held.
func (f *Fetching) end() {
	if f.over {
		return
	}
	f.over = true
	go func() { // it waits for who reads, and that may be the caller
		f.close()
		close(f.done)
	}()
}

// close has the kernel serve all faults: who waits for zeros gets them.
func (f *Fetching) close() {
	_ = f.own.file.Close()
	for _, c := range f.forked {
		_ = c.file.Close()
	}
}

// complete ends the fetching: everything is here.
func (f *Fetching) complete() {
	f.close()
	f.side.Whole(f)
	close(f.done)
}

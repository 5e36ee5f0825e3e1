package guest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// fetching brings the pages that a body needs and home has not sent yet: what a
// thread waits for at once, with its neighbours, and the rest in the background.
// While pages are missing, no process is forked of the body, nor is it moved.
//
// Nothing that fetching waits for may need a page: the link's reader, whom it
// lives by, does not touch the body's memory meanwhile.
type fetching struct {
	b    *body
	fd   uffd.FD
	file *os.File      // the same
	mine []image.Range // what is registered with it
	came chan []byte   // Fetched frames
	done chan struct{} // closed when nothing is missing, or the body has ended

	// mu is held while pages are filled and while messages are read: package uffd
	// says why.
	mu     sync.Mutex
	set    *missing.Set
	stream stream
	pages  uint64 // missing in the beginning
	waits  uint64 // faults at missing pages
	begun  time.Time
	faults []uint64     // reported, and still to be answered
	pieces []wire.Piece // come, and still to be put
	later  bool         // another attempt is on its way
	over   bool
	zeroed image.Range // as last filled with zeros for a fault
}

// fetch begins to serve what a body lacks. Precondition: the body waits in its
// stub, and nothing is at the missing places.
func (a *arrival) fetch(lacks []image.Range) error {
	b, t := a.s.b, a.s.t
	device, err := a.g.pass(a.s, a.g.device)
	if err != nil {
		return err
	}
	fd, err := t.Userfault(device, uffd.FollowChanges)
	if _, e := t.Must("close", unix.SYS_CLOSE, uint64(device)); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	f := &fetching{b: b, fd: fd, file: os.NewFile(uintptr(fd), "userfaultfd"), set: missing.New(lacks),
		begun: time.Now(), came: make(chan []byte, cameSize), done: make(chan struct{})}
	f.pages = f.set.Pages()
	vmas, _, err := b.Mappings(nil)
	for _, v := range withAny(vmas, lacks) {
		if err == nil {
			err = fd.Register(v.Start, v.Len(), uffd.ModeMissing)
		}
		f.mine = append(f.mine, v.Range)
	}
	if err != nil {
		_ = f.file.Close()
		return err
	}
	b.fetching.Store(f)
	go f.watch()
	go f.fill()
	return nil
}

// begin has the background go. The body runs, and home has been told.
func (f *fetching) begin() {
	f.b.g.conn.Flush() // what is behind this point is true only then
	f.b.g.fault.Reach(fault.GuestFetches)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over {
		f.ask()
	}
}

// cameSize is how many frames may wait; more than can be on the way.
const cameSize = 64

// withAny lists the mappings that have pages among some ranges. They are watched as
// a whole: a mapping that is cut in two could not be moved or enlarged any more.
func withAny(vmas []image.VMA, ranges []image.Range) []image.VMA {
	var some []image.VMA
	for _, v := range vmas {
		if len(layout.Intersect([]image.Range{v.Range}, ranges)) > 0 {
			some = append(some, v)
		}
	}
	return some
}

// maxLacking bounds what can be missing of one process, bytes.
const maxLacking = 1 << 42

// mayLack checks that home leaves out only what can be fetched.
func (g *Guest) mayLack(img *image.Image, lacks []image.Range) error {
	if err := image.ValidateRanges(lacks); err != nil {
		return err
	}
	lacks = layout.Union(lacks)
	switch {
	case len(lacks) == 0:
		return nil
	case g.device == nil:
		return errors.New("home leaves pages out, and this node cannot fetch them later")
	case layout.Bytes(lacks) > maxLacking:
		return fmt.Errorf("home leaves out %d bytes, more than %d", layout.Bytes(lacks), uint64(maxLacking))
	}
	var can []image.Range
	for i := range img.VMAs {
		if v := &img.VMAs[i]; v.Fetchable() {
			can = append(can, v.Range)
		}
	}
	if rest := layout.Subtract(lacks, layout.Union(can)); len(rest) > 0 {
		return fmt.Errorf("pages are missing at %#x, where they cannot be fetched later", rest[0].Start)
	}
	return nil
}

// fail ends the body: it cannot go on without what home does not give. mu is held.
func (f *fetching) fail(err error) {
	if f.over {
		return
	}
	f.b.g.log.Error("a page cannot be fetched: killing the process", "process", f.b.Own, "error", err)
	_ = f.b.g.post(wire.Died, f.b.Own, wire.Encode(wire.DiedMsg{Signal: int(unix.SIGKILL), There: true, Memory: errors.Is(err, unix.ENOMEM)}))
	f.b.kill()
	f.end()
}

// end gives up: the body has ended. mu is held.
func (f *fetching) end() {
	if f.over {
		return
	}
	f.over = true
	go func() { // it waits for who reads, and that may be the caller
		_ = f.file.Close()
		close(f.done)
	}()
}

// complete ends the fetching: everything is here. Which pages were written since
// they came nobody has noted: all of their mappings count as written.
func (f *fetching) complete() {
	b := f.b
	b.g.log.Info("the rest of a process's memory has come", "process", b.Own, "pages", f.pages, "faults", f.waits, "took_us", time.Since(f.begun).Microseconds())
	_ = b.g.post(wire.Want, b.Own, wire.Encode(wire.WantMsg{Done: true}))
	_ = f.file.Close() // who waits for zeros gets them from the kernel now
	if err := b.trackFetched(f.mine); err != nil {
		b.g.log.Warn("writes are not tracked: everything will be sent back", "process", b.Own, "error", err)
	}
	b.fetching.Store(nil)
	close(f.done)
}

// missing is how many bytes of the body are to come.
func (b *body) missing() uint64 {
	f := b.fetching.Load()
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.set.Pages() * image.PageSize
}

// lacks tells whether pages of the body are missing.
func (b *body) lacks() bool { return b.fetching.Load() != nil }

// whole waits until nothing is missing, or stopped says that there is no use in that. An
// error: it will not come to that.
func (b *body) whole(stopped func() bool) error {
	f := b.fetching.Load()
	if f == nil {
		return nil
	}
	for {
		select {
		case <-f.done:
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.gone || b.lacks() {
				return tracee.ErrGone
			}
			return nil
		case <-b.g.done:
			return tracee.ErrGone
		case <-time.After(wholePause):
			if stopped() {
				return errGivenUp
			}
		}
	}
}

const wholePause = 20 * time.Millisecond

func never() bool { return false }

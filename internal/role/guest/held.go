package guest

import (
	"errors"
	"fmt"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/pagesum"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/held"
)

// What a process leaves behind when it goes on is kept by the daemon for its next
// trip to this node, if it has room. Then home is told what is there, by sums, and
// says Same of pages that are so still.

const (
	// worthHolding is the least memory of which something is kept.
	worthHolding = 8 << 20
	// holdLimit bounds the copying, during which the body still needs its memory.
	holdLimit = 10 * time.Second
	// sizeOfToken is that of what home names a process by.
	sizeOfToken = 16
)

// recall has the daemon give back what it holds of an announced process, and tells
// home what that is. Whatever is wrong with it, the process comes without.
func (a *arrival) recall(m *wire.PrepareMsg) {
	if len(m.Token) != sizeOfToken || len(m.Key) != pagesum.KeySize {
		return
	}
	f, err := a.g.askForFile(supervisor.Event{Kind: supervisor.Claim, Hold: &supervisor.Hold{Token: m.Token}}, a.g.done)
	if err != nil || f == nil {
		return
	}
	info, err := f.Stat()
	var h *held.Held
	if err == nil {
		h, err = held.Open(f, info.Size())
	}
	if err != nil {
		_ = f.Close()
		a.g.log.Warn("what was kept of a process is of no use", "process", a.own, "error", err)
		return
	}
	a.held = h
	sums, err := pagesum.New(m.Key)
	if err == nil {
		err = h.Each(func(at uint64, b []byte) error { return a.g.send(wire.Holds, a.own, sums.Frame(at, b)) })
	}
	if err != nil {
		a.g.log.Warn("home is not told what is kept of a process", "process", a.own, "error", err)
	}
}

// forgetHeld gives the memory back, which takes the kernel a while: nobody will say Same any more.
func (a *arrival) forgetHeld() {
	if a.held != nil {
		_ = a.held.Close()
	}
}

// pages hands over what a Pages or Same frame brings, as Pages frames.
func (a *arrival) pages(f frame, store func([]byte) error) error {
	if f.kind == wire.Pages {
		return store(f.data)
	}
	return same(a.held, f.data, func(at uint64, b []byte) error {
		a.frame = append(le.AppendUint64(a.frame[:0], at), b...)
		return store(a.frame)
	})
}

// same hands over the pages that a message of ranges names.
func same(h *held.Held, data []byte, each func(at uint64, b []byte) error) error {
	var m wire.RangesMsg
	if err := wire.Decode(data, &m); err != nil {
		return err
	}
	if err := image.ValidateRanges(m.Ranges); err != nil {
		return err
	}
	if h == nil {
		return errors.New("home says that pages are as they are held, and none are")
	}
	return h.Within(m.Ranges, each)
}

// again is fetched for pages that are as they are held. Link reader.
func (g *Guest) again(own int, data []byte) {
	b := g.bodyByOwn(own)
	if b == nil {
		return
	}
	f := b.fetching.Load()
	if f == nil {
		return
	}
	err := same(b.recalled.Load(), data, func(at uint64, p []byte) error {
		f.Came(append(wire.FetchedHead(at, len(p)), p...))
		return nil
	})
	if err != nil && b.lacks() {
		fetcher{b}.Failed(fmt.Errorf("pages that are held here: %w", err))
	}
}

// dropHeld: the body has all its pages, or has ended.
func (b *body) dropHeld() {
	if h := b.recalled.Swap(nil); h != nil {
		_ = h.Close()
	}
}

// leaveBehind gives the daemon a copy of the memory of a body that is about to be
// forgotten. Precondition: the body is parked, and home runs the process by now.
func (b *body) leaveBehind() {
	b.mu.Lock()
	img, token := b.img, b.token
	b.mu.Unlock()
	if len(token) != sizeOfToken || img == nil {
		return
	}
	begun := time.Now()
	vmas, _, err := b.Mappings(nil)
	if err != nil || (&image.Image{VMAs: vmas}).Locked() > 0 { // it is not to be anywhere but in RAM
		return
	}
	ranges, err := b.PrivatePages(vmas)
	size := held.Size(ranges)
	if err != nil || size < worthHolding {
		return
	}
	f, err := b.g.askForFile(supervisor.Event{Kind: supervisor.Room, Hold: &supervisor.Hold{Token: token, Bytes: size}}, nil) // home may have hung up
	if err != nil || f == nil {
		return
	}
	defer func() { _ = f.Close() }()
	if err := held.Write(f, ranges, b.Forced().Read, begun.Add(holdLimit)); err != nil {
		b.g.log.Debug("what a process leaves behind is not kept", "process", b.Own, "error", err)
		return
	}
	b.g.tell(supervisor.Event{Kind: supervisor.Filled, Hold: &supervisor.Hold{Token: token}})
	b.g.log.Debug("kept what a process has left behind", "process", b.Own, "bytes", layout.Bytes(ranges), "took_us", time.Since(begun).Microseconds())
}

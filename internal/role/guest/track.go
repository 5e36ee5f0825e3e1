package guest

import (
	"slices"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/fetching"
	"openmosix/internal/process/tracee"
)

// track has the kernel note which pages the body writes from now on, so that
// only those have to go home. Mappings of which pages are missing follow when none is.
//
// Where all pages have to return anyway, that begins when the body is about to leave: each
// first write costs a fault, and splits a huge page for good.
func (s *strand) track(all bool) error {
	if all {
		w, err := s.t.Watch()
		s.b.mu.Lock()
		s.b.watch, s.b.unwanted = w, err == nil
		s.b.mu.Unlock()
		return err
	}
	vmas, _, err := s.b.Mappings(nil)
	if err != nil {
		return err
	}
	if f := s.b.fetching.Load(); f != nil {
		vmas = slices.DeleteFunc(vmas, func(v image.VMA) bool { return len(layout.Intersect(f.Mine, []image.Range{v.Range})) > 0 })
	}
	w, err := s.t.Watch()
	if err != nil {
		return err
	}
	w.Cover(vmas)
	if _, err := s.b.Protect(vmas, tracee.PrivateRanges(vmas)); err != nil {
		w.Close()
		return err
	}
	s.b.mu.Lock()
	s.b.watch = w
	s.b.mu.Unlock()
	return nil
}

// trackFetched begins to track where pages were missing. What is there counts as written.
func (b *body) trackFetched(where []image.Range) error {
	b.mu.Lock()
	w := b.watch
	unwanted := b.unwanted
	b.mu.Unlock()
	if w == nil || unwanted {
		return nil
	}
	vmas, _, err := b.Mappings(nil)
	if err != nil {
		return err
	}
	vmas = fetching.WithAny(vmas, where)
	w.Cover(vmas)
	written, err := b.Protect(vmas, tracee.PrivateRanges(vmas))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirty = layout.Union(b.dirty, written)
	return err
}

// trackAll begins to track a body of which nothing was noted. All that is there counts as
// written, as the first look finds.
func (b *body) trackAll() error {
	b.mu.Lock()
	w, unwanted := b.watch, b.unwanted
	b.mu.Unlock()
	if !unwanted {
		return nil
	}
	vmas, _, err := b.Mappings(nil)
	if err != nil {
		return err
	}
	w.Cover(vmas)
	b.mu.Lock()
	b.unwanted = false
	b.mu.Unlock()
	return nil
}

// ahead sends home what it can before the body is frozen.
func (d *departure) ahead(m *wire.FreezeMsg) {
	b := d.b
	b.mu.Lock()
	tracked, only := b.watch != nil, layout.Union(b.img.HomeDirty, b.dirty)
	b.mu.Unlock()
	defer b.learn()
	if !tracked || len(m.Into) == 0 {
		return
	}
	if err := b.trackAll(); err != nil {
		b.g.log.Warn("nothing is sent ahead: writes are not tracked", "process", b.Own, "error", err)
		return
	}
	d.sent = tracee.Ahead{P: b.Process, Into: m.Into, Only: only, All: m.Full, Stopped: d.given,
		Stream: tracee.Stream{Emit: func(kind uint8, parts ...[]byte) error { return b.g.send(kind, b.Own, parts...) }, Settle: d.settle, Relieved: true},
		Beside: d.beside}
	if err := d.sent.Run(); err != nil {
		b.g.log.Debug("not all could be sent ahead", "process", b.Own, "error", err)
		d.sent.Sent = nil // what was announced may not have gone
	}
	b.mu.Lock()
	b.dirty = layout.Union(b.dirty, d.sent.Dirty)
	b.mu.Unlock()
}

// settle waits until all that was sent ahead has been stored, on whichever node the process
// goes to: megabytes of it may be on the way, and what is said of the frozen process comes behind.
func (d *departure) settle() error {
	b := d.b
	if err := b.g.send(wire.Settle, b.Own, le.AppendUint64(nil, d.try)); err != nil {
		return err
	}
	return d.isSettled(d.settled)
}

// settled is home's answer to an attempt. That to an earlier one, which was given up, may come
// late. Link reader.
func (g *Guest) settled(own int, data []byte) {
	b := g.bodyByOwn(own)
	if b == nil {
		return
	}
	b.mu.Lock()
	d := b.leaving
	b.mu.Unlock()
	if d == nil || len(data) != 8 || le.Uint64(data) != d.try {
		return
	}
	select {
	case d.settled <- struct{}{}:
	default:
	}
}

// differing lists the pages whose contents may not be what the deputy held when
// the body came, and those written since they were sent ahead.
func (b *body) differing(img *image.Image, present []image.Range) (dirty, written []image.Range, err error) {
	b.mu.Lock()
	tracked, before := b.watch != nil, layout.Union(b.img.HomeDirty, b.dirty)
	b.mu.Unlock()
	if !tracked {
		return present, present, nil
	}
	if written, err = b.Written(img.VMAs); err != nil {
		return nil, nil, err
	}
	return layout.Intersect(layout.Union(written, before), present), written, nil
}

package joint

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/coherence"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// held is how long a page stays at least: who has waited for it is to get a turn.
const held = 2 * time.Millisecond

// changePause is how long it is waited while a process changes its mappings.
const changePause = 50 * time.Microsecond

// mostSaid is how many pages are given at once.
const mostSaid = image.MaxJointRun

// fault: a process waits for a page. Precondition: mu is held.
func (n *Node) fault(s *Space, at uint64, write bool) {
	for _, p := range s.parts {
		if at < p.Start || at >= p.End {
			continue
		}
		o, number := n.objects[p.Key], (at-p.Start+p.Off)/image.PageSize
		if o == nil {
			return
		}
		need := reads
		if write {
			need = writes
		}
		ahead := min(s.ahead(at), (p.End-at)/image.PageSize)
		ahead = o.run(number, ahead, func(a, b *page) bool { return a.mode == b.mode && b.wanted == initial })
		switch its := &o.pages[number]; {
		case o.mode(number) >= need:
			n.wake(s, o, number, at, ahead)
		case its.wanted < need:
			its.wanted = need
			n.say(word{k: p.Key, page: number, count: ahead, wanted: need, own: s.own})
		}
		return
	}
	_ = s.fd.Wake(at, image.PageSize) // it is mapped no more
}

// Bounds of how many pages a process is likely to need that has needed one behind the other.
const (
	aheadTimes = 4
	mostAhead  = image.MaxJointAhead
)

// ahead is how many pages the process needs, as it seems, from one on that it waits for.
func (s *Space) ahead(at uint64) uint64 {
	switch {
	case at == s.next:
		s.window = min(s.window*aheadTimes, mostAhead)
	case at < s.from || at > s.next:
		s.window = 1
	}
	s.from, s.next = at, at+s.window*image.PageSize
	return s.window
}

// wake lets who waits for a page that is here go on. A page that somebody has punched out, or nobody has
// touched yet, reads as zeros; so do those behind it.
func (n *Node) wake(s *Space, o *object, number, at, ahead uint64) {
	if o.mode(number) == reads {
		_ = o.fillHoles(number, 1)
		_ = s.fd.Wake(at, image.PageSize)
		return
	}
	_ = s.protect(image.Range{Start: at, End: at + image.PageSize}, false)
	if _, errno := s.fd.Zero(at, ahead*image.PageSize); errno != 0 {
		_ = s.fd.Wake(at, image.PageSize) // it is there, as a rule; if not, the fault comes again
	}
}

// Yield leaves of pages what home says: to read them (Share), or nothing (Take, Drop), each as soon as it has been here long
// enough. Of one that is not here nothing is said: it is on its way to whoever asks.
func (n *Node) Yield(k Key, first, count uint64, share bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.objects[k] == nil && !n.home {
		return nil // it has been given away with all that nobody here needs
	}
	o, err := n.object(k, first, count)
	if err != nil {
		return err
	}
	left := nothing
	if share {
		left = reads
	}
	for i := first; i < first+count; i++ {
		if o.mode(i) > left {
			o.pages[i].due = left
		}
	}
	n.yield(o, first, count)
	return nil
}

// yield gives what is due of pages, or comes again. Precondition: mu is held.
func (n *Node) yield(o *object, first, count uint64) {
	now := time.Since(started)
	var wait time.Duration
	for i := first; i < first+count; {
		p := &o.pages[i]
		if p.due == initial || o.mode(i) <= p.due {
			p.due = initial
			i++
			continue
		}
		if rest := held - (now - p.since); p.since != 0 && rest > 0 {
			wait = max(wait, rest)
			i++
			continue
		}
		run := o.run(i, min(first+count-i, mostSaid), func(a, b *page) bool {
			return a.mode == b.mode && a.due == b.due && a.grant == b.grant && (b.since == 0 || now-b.since >= held)
		})
		if n.give(o, i, run, p.due) != nil {
			wait = max(wait, held) // it is tried again
		}
		i += run
	}
	if wait > 0 {
		time.AfterFunc(wait, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			if n.objects[o.key] == o && first+count <= uint64(len(o.pages)) {
				n.yield(o, first, count)
			}
		})
	}
}

func (n *Node) object(k Key, first, count uint64) (*object, error) {
	o := n.objects[k]
	if o == nil || first >= uint64(len(o.pages)) || count > uint64(len(o.pages))-first {
		return nil, fmt.Errorf("pages %d to %d of shared memory that is not known", first, first+count)
	}
	return o, nil
}

// give leaves of pages that are alike to read them, or nothing, and tells what was in them. Precondition: mu is held, and
// more of them is here.
func (n *Node) give(o *object, first, count uint64, left mode) error {
	was, grant := o.mode(first), o.pages[first].grant
	n.shield(o, first, count, true)
	w := word{k: o.key, page: first, count: count, grant: grant, word: coherence.Gave}
	var err error
	switch {
	case was == reads && !n.home:
		w.word = coherence.Dropped
	default:
		w.contents, err = o.read(first, count)
	}
	switch {
	case err != nil:
	case left == reads:
		w.word = coherence.Kept
		if n.home { // holes become pages, so that they are not missing
			err = o.fillHoles(first, count)
		}
	default:
		err = o.punch(first, count)
	}
	if err != nil {
		if was == writes {
			n.shield(o, first, count, false)
		}
		return fmt.Errorf("pages %d to %d of shared memory: %w", first, first+count, err)
	}
	for i := first; i < first+count; i++ {
		o.set(i, left)
		o.pages[i].due, o.pages[i].wanted = initial, initial
	}
	n.say(w)
	if left == nothing {
		n.shield(o, first, count, false)
	}
	return nil
}

// shield protects pages in all processes, those forked meanwhile too, or no longer. Precondition: mu is
// held.
func (n *Node) shield(o *object, first, count uint64, on bool) {
	buf := make([]byte, 16*uffd.MessageSize)
	for {
		before := n.came
		err := n.each(o.key, first, count, func(s *Space, r image.Range) error {
			err := s.protect(r, on)
			switch {
			case errors.Is(err, unix.EAGAIN):
				return err
			case errors.Is(err, unix.ESRCH):
				n.drop(s) // it has ended
			}
			return nil // ENOENT: unmapped, and that will be told
		})
		if err == nil && n.came == before {
			return
		}
		for _, s := range slices.Clone(n.spaces) {
			n.hear(s, buf)
		}
		if err != nil {
			nap.For(changePause)
		}
	}
}

// Put has pages that come be here, by a grant, to write them or to read them.
func (n *Node) Put(k Key, first, count, grant uint64, write bool, contents []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if uint64(len(contents)) != count*image.PageSize {
		return fmt.Errorf("%d pages of shared memory have %d bytes", count, len(contents))
	}
	if n.objects[k] == nil && !n.home { // nobody here needs it any more
		w := word{k: k, page: first, count: count, grant: grant, word: coherence.Dropped}
		if write {
			w.word, w.contents = coherence.Gave, contents
		}
		n.say(w)
		return nil
	}
	o, err := n.object(k, first, count)
	if err != nil {
		return err
	}
	for i := first; i < first+count; i++ {
		if o.mode(i) != nothing {
			return fmt.Errorf("page %d of shared memory comes twice", i)
		}
	}
	if !write { // before it can be touched
		n.shield(o, first, count, true)
	}
	if err := o.write(first, contents); err != nil {
		return fmt.Errorf("pages %d to %d of shared memory: %w", first, first+count, err)
	}
	m := reads
	if write {
		m = writes
	}
	n.arrived(o, first, count, grant, m)
	return n.each(k, first, count, func(s *Space, r image.Range) error {
		_ = s.fd.Wake(r.Start, r.Len())
		return nil
	})
}

// arrived notes what this node may do with pages. Precondition: mu is held.
func (n *Node) arrived(o *object, first, count, grant uint64, m mode) {
	now := max(time.Since(started), 1)
	if n.home {
		grant = 0 // nobody asks for it, and what is alike goes together
	}
	for i := first; i < first+count; i++ {
		o.set(i, m)
		p := &o.pages[i]
		if p.grant, p.since, p.due = grant, now, initial; p.wanted <= m {
			p.wanted = initial
		}
	}
}

// Own has pages be written that are read here, by another grant. Those that are not here any more are told of.
func (n *Node) Own(k Key, first, count, grant uint64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.objects[k] == nil && !n.home {
		n.say(word{k: k, page: first, count: count, grant: grant, word: coherence.Dropped})
		return nil
	}
	o, err := n.object(k, first, count)
	if err != nil {
		return err
	}
	for i := first; i < first+count; {
		run := o.run(i, first+count-i, func(a, b *page) bool { return a.mode == b.mode })
		if o.mode(i) == nothing {
			n.say(word{k: k, page: i, count: run, grant: grant, word: coherence.Dropped})
		} else {
			n.arrived(o, i, run, grant, writes)
			n.shield(o, i, run, false)
		}
		i += run
	}
	return nil
}

// Read gives what is in pages that are here, and are not written.
func (n *Node) Read(k Key, first, count uint64) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o, err := n.object(k, first, count)
	if err != nil {
		return nil, err
	}
	return o.read(first, count)
}

// forgetUnused forgets what nobody here has mapped, or uses. Elsewhere than at home its pages are given away
// first. Precondition: mu is held.
func (n *Node) forgetUnused() {
	for k, o := range n.objects {
		if o.users > 0 || slices.ContainsFunc(n.spaces, func(s *Space) bool {
			return slices.ContainsFunc(s.parts, func(p Part) bool { return p.Key == k })
		}) {
			continue
		}
		if n.home && o.odd > 0 {
			continue // it is coming
		}
		for i := uint64(0); i < uint64(len(o.pages)) && o.odd > 0; {
			run := o.run(i, min(uint64(len(o.pages))-i, mostSaid), func(a, b *page) bool { return a.mode == b.mode && a.grant == b.grant })
			if o.mode(i) != nothing {
				_ = n.give(o, i, run, nothing) // home has what was last known of it
			}
			i += run
		}
		_ = o.file.Close()
		delete(n.objects, k)
	}
}

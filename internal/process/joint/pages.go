package joint

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// held is how long a page stays at least: who has waited for it is to get a turn with it.
const held = 2 * time.Millisecond

// changePause is how long it is waited while a process changes its mappings.
const changePause = 50 * time.Microsecond

// fault: a process waits for a page. Precondition: mu is held.
func (n *Node) fault(s *Space, at uint64) {
	for _, p := range s.parts {
		if at < p.Start || at >= p.End {
			continue
		}
		o, page := n.objects[p.Key], (at-p.Start+p.Off)/image.PageSize
		switch {
		case o == nil:
		case o.here[page]:
			n.wake(s, at)
		case !o.wanted[page]:
			o.wanted[page] = true
			n.say(word{k: p.Key, page: page, own: s.own})
		}
		return
	}
	_ = s.fd.Wake(at, image.PageSize) // it is mapped no more
}

// wake lets who waits for a page that is here go on. A page that somebody has punched out reads
// as zeros.
func (n *Node) wake(s *Space, at uint64) {
	_ = s.protect(image.Range{Start: at, End: at + image.PageSize}, false)
	if _, errno := s.fd.Zero(at, image.PageSize); errno != 0 {
		_ = s.fd.Wake(at, image.PageSize) // it is there, as a rule; if not, the fault comes again
	}
}

// Take gives a page up, as soon as it has been here long enough. Of one that is not here nothing
// is said: it is on its way to whoever asks.
func (n *Node) Take(k Key, page uint64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.objects[k] == nil && !n.home {
		return nil // it has been given away with all that nobody here needs
	}
	o, err := n.object(k, page)
	if err != nil {
		return err
	}
	if !o.here[page] || o.taken[page] {
		return nil
	}
	wait := held - time.Since(o.since[page])
	if wait <= 0 {
		return n.give(o, page)
	}
	o.taken[page] = true
	time.AfterFunc(wait, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if o.taken[page] && o.here[page] && n.objects[k] == o {
			_ = n.give(o, page) // it has not changed since, and the next one to want it asks again
		}
	})
	return nil
}

func (n *Node) object(k Key, page uint64) (*object, error) {
	o := n.objects[k]
	if o == nil || page >= uint64(len(o.here)) {
		return nil, fmt.Errorf("page %d of shared memory that is not known", page)
	}
	return o, nil
}

// give takes a page out of all processes, and tells what was in it. Precondition: mu is held, and
// it is here.
func (n *Node) give(o *object, page uint64) error {
	o.taken[page] = false
	n.shield(o, page, true)
	contents := make([]byte, image.PageSize)
	off := int64(page * image.PageSize)
	_, err := o.file.ReadAt(contents, off)
	if err == nil {
		err = unix.Fallocate(int(o.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, image.PageSize)
	}
	if err == nil {
		o.here[page], o.wanted[page] = false, false
		n.say(word{k: o.key, page: page, contents: contents})
	}
	n.shield(o, page, false)
	if err != nil {
		return fmt.Errorf("page %d of shared memory: %w", page, err)
	}
	return nil
}

// shield protects a page in all processes, those forked meanwhile too, or no longer. Precondition: mu is
// held.
func (n *Node) shield(o *object, page uint64, on bool) {
	buf := make([]byte, 16*uffd.MessageSize)
	for {
		before := n.came
		err := n.each(o.key, page, func(s *Space, at uint64) error {
			err := s.protect(image.Range{Start: at, End: at + image.PageSize}, on)
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
			time.Sleep(changePause)
		}
	}
}

// Put has a page that comes be here.
func (n *Node) Put(k Key, page uint64, contents []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(contents) != image.PageSize {
		return fmt.Errorf("page %d of shared memory has %d bytes", page, len(contents))
	}
	if n.objects[k] == nil && !n.home { // nobody here needs it any more
		n.say(word{k: k, page: page, contents: contents})
		return nil
	}
	o, err := n.object(k, page)
	switch {
	case err != nil:
		return err
	case o.here[page]:
		return fmt.Errorf("page %d of shared memory comes twice", page)
	}
	if _, err := o.file.WriteAt(contents, int64(page*image.PageSize)); err != nil {
		return fmt.Errorf("page %d of shared memory: %w", page, err)
	}
	o.here[page], o.wanted[page], o.since[page] = true, false, time.Now()
	_ = n.each(k, page, func(s *Space, at uint64) error {
		_ = s.fd.Wake(at, image.PageSize)
		return nil
	})
	return nil
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
		away := false
		for page, here := range o.here {
			switch {
			case here && !n.home:
				_ = n.give(o, uint64(page)) // home has what was last known of it
			case !here && n.home:
				away = true // it is coming
			}
		}
		if !away {
			_ = o.file.Close()
			delete(n.objects, k)
		}
	}
}

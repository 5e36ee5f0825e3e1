package fetching

import (
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
)

// A process that lacks pages may fork where its userfaultfd tells of that. The child
// lacks the same pages, and they are put into it as well. Somebody has it stand
// still until that is done: its faults are not served.

// fork takes a child in. All is asked for at once: then both lack what is on its way.
// mu is held.
func (f *Fetching) fork(fd int) {
	f.want(image.Range{End: addressEnd}, ^uint64(0), false)
	child := newSpace(uffd.FD(fd), f.own.set.Clone())
	child.pieces = append(child.pieces, f.own.pieces...)
	f.forked = append(f.forked, child)
}

// all lists the address spaces, the process's own first.
func (f *Fetching) all() []*space { return append([]*space{f.own}, f.forked...) }

// lacks is how many pages are missing, in all of them. mu is held.
func (f *Fetching) lacks() uint64 {
	var n uint64
	for _, s := range f.all() {
		n += s.set.Pages()
	}
	return n
}

// Forked is how many address spaces have been made of the process's. One that is made is
// counted before its process runs: the fork waits for that.
func (f *Fetching) Forked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.forked)
}

// ended: an address space is gone, and lacks nothing any more. It is closed with the others.
// mu is held.
func (f *Fetching) ended(s *space) {
	s.set.Remove(image.Range{End: addressEnd})
	s.pieces = nil
	if s == f.own {
		f.faults = nil
	}
	if f.lacks() == 0 {
		f.end()
	}
}

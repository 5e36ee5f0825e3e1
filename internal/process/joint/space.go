package joint

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Features are those of the userfaultfd of a process that shares.
const Features = uffd.FollowChanges | uffd.EventFork | uffd.FaultFlagWP | uffd.MissingShmem | uffd.WPHugetlbShmem

// Part is where a process has a part of an object mapped.
type Part struct {
	image.Range
	Key Key
	Off uint64 // in the object
}

// Space is a process's memory.
type Space struct {
	own   int // the process's own number, or that of whom it was forked of
	fd    uffd.FD
	file  *os.File // the same
	parts []Part
	// What it has needed last, and what it would need next if it goes on so; in pages.
	from, next, window uint64
}

// Watch begins to serve a process that stands still, by a userfaultfd of it with these Features,
// which the node closes in the end. own is the
// process's own number.
func (n *Node) Watch(fd uffd.FD, own int, parts []Part) (*Space, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := newSpace(fd, own, slices.Clone(parts))
	for _, p := range parts {
		o := n.objects[p.Key]
		if o == nil || p.Off%image.PageSize != 0 || p.Start%image.PageSize != 0 || p.Len()%image.PageSize != 0 ||
			p.Off/image.PageSize+p.Len()/image.PageSize > uint64(len(o.pages)) {
			s.close()
			return nil, fmt.Errorf("a mapping of shared memory of %d bytes at %#x is not of what is known", p.Len(), p.Off)
		}
		err := fd.Register(p.Start, p.Len(), uffd.ModeMissing|uffd.ModeWP)
		if errors.Is(err, unix.EBUSY) {
			err = errServed
		}
		if err == nil {
			err = s.protect(p.Range, false) // whether it can be
		}
		if err == nil {
			err = s.protectRead(o, &p)
		}
		if err != nil {
			s.close()
			return nil, err
		}
	}
	n.sweep()
	n.forgetUnused()
	n.add(s)
	return s, nil
}

// errServed: the mappings of a process have a userfaultfd already.
var errServed = errors.New("its shared memory is served already")

// protectRead protects what of a part is only read here.
func (s *Space) protectRead(o *object, p *Part) error {
	first, count := p.Off/image.PageSize, p.Len()/image.PageSize
	for i := uint64(0); i < count && o.odd > 0; {
		run := o.run(first+i, count-i, func(a, b *page) bool { return a.mode == b.mode })
		if o.mode(first+i) == reads {
			at := p.Start + i*image.PageSize
			if err := s.protect(image.Range{Start: at, End: at + run*image.PageSize}, true); err != nil {
				return err
			}
		}
		i += run
	}
	return nil
}

func newSpace(fd uffd.FD, own int, parts []Part) *Space {
	return &Space{own: own, fd: fd, file: os.NewFile(uintptr(fd), "userfaultfd"), parts: parts}
}

// add begins to listen. Precondition: mu is held.
func (n *Node) add(s *Space) {
	if len(n.spaces) >= n.sweepAt { // of children that have executed a program since
		n.sweep()
		n.sweepAt = 2*len(n.spaces) + leastSwept
	}
	n.spaces = append(n.spaces, s)
	n.came++
	go n.listen(s)
}

// leastSwept is from how many on.
const leastSwept = 32

// close waits for who listens, and that may be the caller.
func (s *Space) close() { go func() { _ = s.file.Close() }() }

// Serves tells whether a process has shared memory mapped at an address.
func (n *Node) Serves(s *Space, at uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(s.parts, func(p Part) bool { return p.Start <= at && at < p.End })
}

// Leave ends the serving of a process, which is gone or does not run here again. What nobody else
// has mapped here is given away, and told when it returns.
func (n *Node) Leave(s *Space) {
	n.mu.Lock()
	n.drop(s)
	n.forgetUnused()
	n.mu.Unlock()
	n.Flush()
}

// drop listens no more. Precondition: mu is held.
func (n *Node) drop(s *Space) {
	if at := slices.Index(n.spaces, s); at >= 0 {
		n.spaces = slices.Delete(n.spaces, at, at+1)
		s.close()
	}
}

// sweep drops processes that have ended: nothing tells that of a userfaultfd. Precondition: mu is held.
func (n *Node) sweep() {
	for _, s := range slices.Clone(n.spaces) {
		// A page that is protected needlessly costs one fault. One that is protected no more although it is only read
		// here would be written.
		if len(s.parts) == 0 || errors.Is(s.protect(image.Range{Start: s.parts[0].Start, End: s.parts[0].Start + image.PageSize}, true), unix.ESRCH) {
			n.drop(s)
		}
	}
}

// listen waits for what happens in a process.
func (n *Node) listen(s *Space) {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return
	}
	buf := make([]byte, 16*uffd.MessageSize)
	_ = raw.Read(func(uintptr) bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return !n.hear(s, buf)
	})
}

// hear takes what there is; false: there will be no more. Precondition: mu is held.
func (n *Node) hear(s *Space, buf []byte) bool {
	for slices.Contains(n.spaces, s) {
		got, err := unix.Read(int(s.fd), buf)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return true
		case err == unix.EMFILE || err == unix.ENFILE: // for the descriptor of a child's: whoever forks waits
			n.sweep()
			nap.For(changePause)
			continue
		case err != nil || got == 0:
			return false
		}
		for _, m := range uffd.ParseMessages(buf[:got]) {
			switch m.Kind {
			case uffd.Fault:
				n.fault(s, m.Start, m.Write)
			case uffd.Moved:
				s.parts = move(s.parts, image.Range{Start: m.Start, End: m.Start + m.Len}, m.To)
			case uffd.Unmap: // what is only dropped (Removed) is still mapped
				s.parts = without(s.parts, image.Range{Start: m.Start, End: m.End})
			case uffd.Forked:
				n.add(newSpace(uffd.FD(m.FD), s.own, slices.Clone(s.parts)))
			}
		}
	}
	return false
}

// protect sets, or takes off, the protection of a range against writes; taking it off wakes.
func (s *Space) protect(r image.Range, on bool) error {
	const protect = 1
	mode := uint64(0)
	if on {
		mode = protect
	}
	return s.fd.Ioctl(uffd.IoctlWriteProtect, uffd.WriteProtectRequest(r.Start, r.Len(), mode))
}

// without is parts less a range of addresses.
func without(parts []Part, r image.Range) []Part {
	var rest []Part
	for _, p := range parts {
		if p.Start < r.Start {
			before := p
			before.End = min(p.End, r.Start)
			rest = append(rest, before)
		}
		if p.End > r.End {
			behind := p
			behind.Start = max(p.Start, r.End)
			behind.Off += behind.Start - p.Start
			rest = append(rest, behind)
		}
	}
	return rest
}

// move is parts of which a range has been moved by mremap(2).
func move(parts []Part, from image.Range, to uint64) []Part {
	rest := without(parts, from)
	for _, p := range parts {
		q := p
		q.Start, q.End = max(p.Start, from.Start), min(p.End, from.End)
		if q.Start >= q.End {
			continue
		}
		q.Off += q.Start - p.Start
		at := to + q.Start - from.Start
		q.Range = image.Range{Start: at, End: at + q.Len()}
		rest = append(rest, q)
	}
	return rest
}

// each calls do for every place at which some of these pages of an object are mapped. Precondition: mu is held.
func (n *Node) each(k Key, first, count uint64, do func(s *Space, r image.Range) error) error {
	begin, end := first*image.PageSize, (first+count)*image.PageSize
	for _, s := range slices.Clone(n.spaces) {
		for _, p := range slices.Clone(s.parts) {
			if from, to := max(begin, p.Off), min(end, p.Off+p.Len()); p.Key == k && from < to {
				if err := do(s, image.Range{Start: p.Start + from - p.Off, End: p.Start + to - p.Off}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

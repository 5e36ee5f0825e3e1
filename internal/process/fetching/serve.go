package fetching

import (
	"time"

	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// watch takes what the kernel says until the descriptor is closed.
func (f *Fetching) watch() {
	raw, err := f.own.file.SyscallConn()
	if err != nil {
		return
	}
	buf := make([]byte, 64*uffd.MessageSize)
	_ = raw.Read(func(uintptr) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return !f.look(buf)
	})
}

// look reads all messages and does what there is to do; false: it is over. mu is held.
func (f *Fetching) look(buf []byte) bool {
	for {
		if f.over {
			return false
		}
		n, err := unix.Read(int(f.own.fd), buf)
		if err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN {
			break
		}
		if err != nil || n == 0 {
			return false
		}
		for _, m := range uffd.ParseMessages(buf[:n]) {
			switch m.Kind {
			case uffd.Fault:
				f.faults = append(f.faults, m.Start)
			case uffd.Moved:
				f.own.set.Move(m.Start, m.To, m.Len)
			case uffd.Removed, uffd.Unmap:
				f.own.set.Remove(image.Range{Start: m.Start, End: m.End})
			case uffd.Forked:
				f.fork(m.FD)
			}
		}
	}
	f.work()
	return !f.over
}

// work puts what has come and answers faults, as far as the kernel lets it: while
// a mapping is being changed, it does not. mu is held.
func (f *Fetching) work() {
	waiting := 0
	for _, s := range f.all() {
		pieces := s.pieces
		s.pieces = nil
		for _, p := range pieces {
			if f.over {
				return
			}
			if rest := f.put(s, p); len(rest.Bytes) > 0 {
				s.pieces = append(s.pieces, rest)
			}
		}
		waiting += len(s.pieces)
	}
	faults := f.faults
	f.faults = nil
	for _, a := range faults {
		if f.over {
			return
		}
		if !f.met(a) {
			f.faults = append(f.faults, a)
		}
	}
	if f.over {
		return
	}
	if f.lacks() == 0 && len(f.faults) == 0 {
		f.over = true
		go f.complete()
		return
	}
	if len(f.faults)+waiting > 0 && !f.later {
		f.later = true
		time.AfterFunc(retryPause, f.again)
	}
}

// retryPause is how long to wait for a change of a mapping that nothing is told of yet.
const retryPause = 200 * time.Microsecond

func (f *Fetching) again() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.later = false
	f.look(make([]byte, 16*uffd.MessageSize))
}

// zeroWindow is how much is filled with zeros at a fault, and at most when one
// follows another.
const (
	zeroWindow     = 16 * image.PageSize
	mostZeroWindow = 512 * image.PageSize
)

// met answers a fault; false: not now. mu is held.
func (f *Fetching) met(a uint64) bool {
	if f.own.set.Has(a) {
		f.waits++
		f.askAround(a)
		return true
	}
	// Memory that holds nothing: it was never written, or has been dropped.
	n := uint64(zeroWindow)
	if a == f.zeroed.End {
		n = min(2*f.zeroed.Len(), mostZeroWindow)
	}
	r := image.Range{Start: a, End: a + n}
	if first, any := f.own.set.First(r); any {
		r.End = first
	}
	filled, errno := f.own.fd.Zero(r.Start, r.Len())
	if errno == unix.ENOENT && filled == 0 { // beyond the mapping's end
		filled, errno = f.own.fd.Zero(a, image.PageSize)
	}
	switch {
	case filled > 0:
		f.zeroed = image.Range{Start: a, End: a + uint64(filled)}
	case errno == unix.EAGAIN:
		return false
	case errno == unix.ESRCH:
		f.ended(f.own)
	default: // there is a page by now, or no mapping
		_ = f.own.fd.Wake(a, image.PageSize)
	}
	return true
}

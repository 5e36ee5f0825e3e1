package fetching

import (
	"fmt"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// fill takes what home sends.
func (f *Fetching) fill() {
	for {
		select {
		case <-f.done:
			return
		case data := <-f.came:
			pieces, err := wire.DecodeFetched(data)
			f.mu.Lock()
			if err != nil {
				f.fail(err)
			}
			for _, p := range pieces {
				f.window.Came(uint64(len(p.Bytes)), time.Since(f.Begun))
			}
			for _, s := range f.all() {
				s.pieces = append(s.pieces, pieces...)
			}
			f.work()
			if !f.over {
				f.ask()
			}
			f.mu.Unlock()
		}
	}
}

// put fills the pages of a piece that are missing still. It returns what cannot be
// put just now. mu is held.
func (f *Fetching) put(s *space, p wire.Piece) wire.Piece {
	most := len(p.Bytes)
	for len(p.Bytes) > 0 {
		at, is := s.set.Now(p.At)
		done, n := image.PageSize, 0 // what the program has dropped is passed over
		if is {
			n = s.together(p, at, most)
			var errno unix.Errno
			done, errno = s.fd.Copy(at, p.Bytes[:n], 0)
			switch {
			case done > 0:
			case errno == unix.EAGAIN:
				return p
			case errno == unix.ENOENT && n > image.PageSize: // of several mappings
				most = image.PageSize
				continue
			case errno == unix.ENOENT && s != f.own: // a child, which has not got the mapping: madvise(2), MADV_DONTFORK
				done = image.PageSize
			case errno == unix.ENOENT && s.unsure(p.At, time.Now()): // a change that nothing is told of yet
				return p
			case errno == unix.EEXIST: // a guard: madvise(2)
				done = image.PageSize
			case errno == unix.ESRCH:
				f.ended(s)
				return wire.Piece{}
			default:
				f.fail(fmt.Errorf("put a page at %#x: %w", at, errno))
				return wire.Piece{}
			}
			s.set.Remove(image.Range{Start: at, End: at + uint64(done)})
			delete(s.without, p.At)
		}
		p.At, p.Bytes = p.At+uint64(done), p.Bytes[done:]
	}
	return wire.Piece{}
}

// mappingLimit is for how long a page may have no mapping to be put in, as far as the kernel has said.
const mappingLimit = time.Second

// unsure tells whether a page that has no mapping to be put in may get one, or be dropped, by what is told next. mu is held.
func (s *space) unsure(at uint64, now time.Time) bool {
	since, known := s.without[at]
	if !known {
		if s.without == nil {
			s.without = map[uint64]time.Time{}
		}
		s.without[at], since = now, now
	}
	return now.Sub(since) < mappingLimit
}

// together is how many bytes of a piece, at most so many, belong together where it
// goes, as they did at home. mu is held.
func (s *space) together(p wire.Piece, at uint64, most int) int {
	n := image.PageSize
	for n < min(most, len(p.Bytes)) {
		if next, is := s.set.Now(p.At + uint64(n)); !is || next != at+uint64(n) {
			break
		}
		n += image.PageSize
	}
	return n
}

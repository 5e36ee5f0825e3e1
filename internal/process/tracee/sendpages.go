package tracee

import (
	"openmosix/internal/linux/mem"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/wire"
)

const (
	// chunk is the most page contents one frame carries. It fits into a CPU's own
	// cache: it is read, encrypted and sent one after the other.
	chunk = 256 << 10
	// buffers are read into by turns: while one is sent the next is read.
	buffers = 3
)

// Emit sends one frame. The parts are the caller's again when it returns.
type Emit func(kind uint8, parts ...[]byte) error

// piece is neighbouring pages that have been read; or, if unread, that could not be at once.
type piece struct {
	image.Range
	bytes  []byte
	unread bool
}

// SendPages sends the contents of ranges as Pages frames. Pages that cannot be
// read (beyond the end of a mapped file) are left out. It returns the bytes sent.
func SendPages(space *mem.Space, ranges []image.Range, emit Emit) (uint64, error) {
	var sent uint64
	each := func(p piece) error {
		if p.unread {
			n, err := sendSingly(space, p.Range, emit)
			sent += n
			return err
		}
		if err := emitPages(p.Start, p.bytes, emit); err != nil {
			return err
		}
		sent += p.Len()
		return nil
	}
	if layout.Bytes(ranges) <= chunk {
		buf := make([]byte, layout.Bytes(ranges))
		err := pieces(ranges, func(r image.Range) error { return each(read(space, r, buf)) })
		return sent, err
	}
	err := readAhead(space, ranges, each)
	return sent, err
}

// pieces divides ranges into what one frame carries.
func pieces(ranges []image.Range, each func(image.Range) error) error {
	for _, r := range ranges {
		for a := r.Start; a < r.End; a += chunk {
			if err := each(image.Range{Start: a, End: min(a+chunk, r.End)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func read(space *mem.Space, r image.Range, buf []byte) piece {
	p := piece{Range: r, bytes: buf[:r.Len()]}
	p.unread = space.Read(r.Start, p.bytes) != nil
	return p
}

// readAhead calls each with all pieces, in order, while the next are read.
func readAhead(space *mem.Space, ranges []image.Range, each func(piece) error) error {
	full, free, quit := make(chan piece, buffers), make(chan []byte, buffers), make(chan struct{})
	for range buffers {
		free <- make([]byte, chunk)
	}
	go func() {
		defer close(full)
		_ = pieces(ranges, func(r image.Range) error {
			select {
			case buf := <-free:
				full <- read(space, r, buf[:cap(buf)])
				return nil
			case <-quit:
				return ErrStopped
			}
		})
	}()
	var err error
	for p := range full { // to its end: nothing is read any more when this returns
		if err != nil {
			continue
		}
		if err = each(p); err != nil {
			close(quit)
			continue
		}
		free <- p.bytes
	}
	return err
}

func emitPages(at uint64, b []byte, emit Emit) error {
	var head [8]byte
	le.PutUint64(head[:], at)
	return emit(wire.Pages, head[:], b)
}

func sendSingly(space *mem.Space, r image.Range, emit Emit) (uint64, error) {
	var sent uint64
	buf := make([]byte, image.PageSize)
	for a := r.Start; a < r.End; a += image.PageSize {
		if space.Read(a, buf) != nil {
			continue
		}
		if err := emitPages(a, buf, emit); err != nil {
			return sent, err
		}
		sent += image.PageSize
	}
	return sent, nil
}

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
	if n := layout.Bytes(ranges); n <= chunk {
		var sent uint64
		buf := make([]byte, n)
		err := pieces(ranges, func(r image.Range) error {
			n, err := read(space, r, buf).send(space, emit)
			sent += n
			return err
		})
		return sent, err
	}
	return newSpread(space).run(ranges, []Stream{{Emit: emit}}, func(e Emit) Emit { return e }, nil)
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
	p.unread = mem.Forced{Space: space}.Read(r.Start, p.bytes) != nil
	return p
}

func (p piece) send(space *mem.Space, emit Emit) (uint64, error) {
	if p.unread {
		return sendSingly(space, p.Range, emit)
	}
	if err := emitPages(p.Start, p.bytes, emit); err != nil {
		return 0, err
	}
	return p.Len(), nil
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
		if (mem.Forced{Space: space}).Read(a, buf) != nil {
			continue
		}
		if err := emitPages(a, buf, emit); err != nil {
			return sent, err
		}
		sent += image.PageSize
	}
	return sent, nil
}

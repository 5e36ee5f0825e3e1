// Package held is the memory of a process that has gone, as the node it has left
// keeps it: pages, behind them where each was, behind that how many ranges they are.
//
//	contents of all ranges | start, end of each (8 bytes each) | number of ranges (8)
//
// Such a file is memory. Whoever has written it was an unprivileged supervisor, so
// everything in it is checked before it is used.
package held

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

var le = binary.LittleEndian

const (
	indexSize = 16
	tailSize  = 8
	// maxRanges bounds the index.
	maxRanges = 1 << 20
	// chunk is how much is read at a time.
	chunk = 256 << 10
)

// Size is how large the file of some ranges is; 0: there are too many.
func Size(ranges []image.Range) uint64 {
	if len(ranges) > maxRanges {
		return 0
	}
	return layout.Bytes(ranges) + uint64(len(ranges))*indexSize + tailSize
}

// ErrSlow: it took too long.
var ErrSlow = errors.New("copying the memory takes too long")

// Write fills a file of the right size with ranges, which are sorted and do not
// overlap, until a time. Pages that cannot be read are zeros in it.
func Write(f io.WriterAt, ranges []image.Range, read func(at uint64, b []byte) error, until time.Time) error {
	buf := make([]byte, chunk)
	var off int64
	var index []byte
	for _, r := range ranges {
		for at := r.Start; at < r.End; at += chunk {
			b := buf[:min(chunk, r.End-at)]
			if read(at, b) != nil {
				clear(b)
			}
			if _, err := f.WriteAt(b, off); err != nil {
				return fmt.Errorf("keep memory: %w", err)
			}
			off += int64(len(b))
			if time.Now().After(until) {
				return ErrSlow
			}
		}
		index = le.AppendUint64(le.AppendUint64(index, r.Start), r.End)
	}
	_, err := f.WriteAt(le.AppendUint64(index, uint64(len(ranges))), off)
	return err
}

// File is what a file of this form is read by.
type File interface {
	io.ReaderAt
	io.Closer
}

// Held is such memory, to be read.
type Held struct {
	file   File
	buf    []byte // of Within
	ranges []image.Range
	begins []int64 // where each range's contents are
}

var errForm = errors.New("kept memory is not in the form it should have")

// Open reads the index of a file of a size. The file is closed with the Held, and
// stays the caller's after an error.
func Open(f File, size int64) (*Held, error) {
	var tail [tailSize]byte
	if size < tailSize {
		return nil, errForm
	}
	if _, err := f.ReadAt(tail[:], size-tailSize); err != nil {
		return nil, fmt.Errorf("kept memory: %w", err)
	}
	n := le.Uint64(tail[:])
	if n > maxRanges || size < int64(n)*indexSize+tailSize {
		return nil, errForm
	}
	index := make([]byte, n*indexSize)
	if _, err := f.ReadAt(index, size-tailSize-int64(len(index))); err != nil && n > 0 {
		return nil, fmt.Errorf("kept memory: %w", err)
	}
	h := &Held{file: f}
	var off int64
	var end uint64
	for ; len(index) > 0; index = index[indexSize:] {
		r := image.Range{Start: le.Uint64(index), End: le.Uint64(index[8:])}
		if image.ValidateRanges([]image.Range{r}) != nil || r.Start < end || r.Len() == 0 || int64(r.Len()) > size {
			return nil, errForm
		}
		h.ranges, h.begins = append(h.ranges, r), append(h.begins, off)
		off, end = off+int64(r.Len()), r.End
		if off > size {
			return nil, errForm
		}
	}
	if off+int64(n)*indexSize+tailSize != size {
		return nil, errForm
	}
	return h, nil
}

// Close gives the memory back.
func (h *Held) Close() error { return h.file.Close() }

// Pages is how many there are.
func (h *Held) Pages() uint64 { return layout.Bytes(h.ranges) / image.PageSize }

// Read gives neighbouring pages, all of which are held.
func (h *Held) Read(at uint64, b []byte) error {
	for len(b) > 0 {
		i := sort.Search(len(h.ranges), func(i int) bool { return h.ranges[i].End > at })
		if i == len(h.ranges) || at < h.ranges[i].Start {
			return fmt.Errorf("the page at %#x is not kept here", at)
		}
		r := h.ranges[i]
		n := min(uint64(len(b)), r.End-at)
		if _, err := h.file.ReadAt(b[:n], h.begins[i]+int64(at-r.Start)); err != nil {
			return fmt.Errorf("kept memory: %w", err)
		}
		at, b = at+n, b[n:]
	}
	return nil
}

// Each hands over all that is held, in pieces that the next one overwrites.
func (h *Held) Each(f func(at uint64, b []byte) error) error { return h.Within(h.ranges, f) }

// Within hands over some ranges, all of which are held, in pieces that the next one
// overwrites. It is called by one goroutine at a time.
func (h *Held) Within(ranges []image.Range, f func(at uint64, b []byte) error) error {
	if h.buf == nil {
		h.buf = make([]byte, chunk)
	}
	for _, r := range ranges {
		for at := r.Start; at < r.End; at += chunk {
			b := h.buf[:min(chunk, r.End-at)]
			if err := h.Read(at, b); err != nil {
				return err
			}
			if err := f(at, b); err != nil {
				return err
			}
		}
	}
	return nil
}

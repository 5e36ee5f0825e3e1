package tracee

import (
	"fmt"

	"openmosix/internal/linux/mem"
	"openmosix/internal/model/image"
)

// EarlyPages are pages that came ahead for a place where the receiver can take none: the
// process that goes on running elsewhere has changed its mappings since, and so will the
// receiver, before the last pages come. The body is built from a sketch; and a deputy has what was mapped away in
// part only, as where the loader has mapped a file beyond its end before it put memory there.
// The sender counts them as sent.
type EarlyPages map[uint64][]byte

// maxEarly bounds what is kept; a process that changes more is not worth it.
const maxEarly = 64 << 20 / image.PageSize

// Store writes one Pages frame as far as that is possible and keeps the rest.
// It tells what was written.
func (e *EarlyPages) Store(into Memory, data []byte) ([]image.Range, error) {
	return e.Take(into, data, StorePages(into, data))
}

// Take is Store of a frame that was to be written already, with this result.
func (e *EarlyPages) Take(into Memory, data []byte, whole error) ([]image.Range, error) {
	if len(data) < 8 || (len(data)-8)%image.PageSize != 0 {
		return nil, whole
	}
	at := le.Uint64(data)
	if whole == nil {
		e.forget(at, at+uint64(len(data)-8))
		return []image.Range{{Start: at, End: at + uint64(len(data)-8)}}, nil
	}
	var stored []image.Range
	for b := data[8:]; len(b) > 0; at, b = at+image.PageSize, b[image.PageSize:] {
		if into.Write(at, b[:image.PageSize]) == nil {
			e.forget(at, at+image.PageSize)
			stored = append(stored, image.Range{Start: at, End: at + image.PageSize})
			continue
		}
		if len(*e) >= maxEarly {
			return nil, fmt.Errorf("%d pages came for places the process has not here: %w", len(*e), whole)
		}
		if *e == nil {
			*e = EarlyPages{}
		}
		(*e)[at] = append([]byte(nil), b[:image.PageSize]...)
	}
	return stored, nil
}

// forget drops what has come anew and was stored.
func (e *EarlyPages) forget(start, end uint64) {
	for at := range *e {
		if at >= start && at < end {
			delete(*e, at)
		}
	}
}

// StoreRest writes what was kept, when the body has the mappings it is to have.
// What belongs to none of them has gone.
func (e *EarlyPages) StoreRest(space *mem.Space, vmas []image.VMA) error {
	for i := range vmas {
		v := &vmas[i]
		if v.Kind != image.Anonymous && v.Kind != image.File {
			continue
		}
		for at, b := range *e {
			if at < v.Start || at >= v.End {
				continue
			}
			if err := (mem.Forced{Space: space}).Write(at, b); err != nil {
				return err
			}
		}
	}
	*e = nil
	return nil
}

package guest

import (
	"fmt"

	"openmosix/internal/linux/mem"
	"openmosix/internal/model/image"
	"openmosix/internal/process/tracee"
)

// earlyPages are pages that came ahead for a place where the body, built from a
// sketch of a process that went on running, can take none: the process has
// changed its mappings since, and so will the body, before the last pages come.
// The sender counts them as sent.
type earlyPages map[uint64][]byte

// maxEarly bounds what is kept; a process that changes more is not worth it.
const maxEarly = 64 << 20 / image.PageSize

// store writes one Pages frame as far as that is possible and keeps the rest.
// It tells what was written.
func (e *earlyPages) store(into tracee.Memory, data []byte) ([]image.Range, error) {
	whole := tracee.StorePages(into, data)
	if len(data) < 8 || (len(data)-8)%image.PageSize != 0 {
		return nil, whole
	}
	at := le.Uint64(data)
	if whole == nil {
		return []image.Range{{Start: at, End: at + uint64(len(data)-8)}}, nil
	}
	var stored []image.Range
	for b := data[8:]; len(b) > 0; at, b = at+image.PageSize, b[image.PageSize:] {
		if into.Write(at, b[:image.PageSize]) == nil {
			stored = append(stored, image.Range{Start: at, End: at + image.PageSize})
			continue
		}
		if len(*e) >= maxEarly {
			return nil, fmt.Errorf("%d pages came for places the process has not here: %w", len(*e), whole)
		}
		if *e == nil {
			*e = earlyPages{}
		}
		(*e)[at] = append([]byte(nil), b[:image.PageSize]...)
	}
	return stored, nil
}

// storeRest writes what was kept, when the body has the mappings it is to have.
// What belongs to none of them has gone.
func (e *earlyPages) storeRest(space *mem.Space, vmas []image.VMA) error {
	for i := range vmas {
		v := &vmas[i]
		if v.Kind != image.Anonymous && v.Kind != image.File {
			continue
		}
		for at, b := range *e {
			if at < v.Start || at >= v.End {
				continue
			}
			if err := space.Write(at, b); err != nil {
				return err
			}
		}
	}
	*e = nil
	return nil
}

package tracee

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// Contents is PrivatePages and Guards in one look at the page tables, for a process that
// stands still meanwhile. That look grows with the process, so CPUs share in it: a walk takes
// the lock of a process's mappings for reading only.
func (p *Process) Contents(vmas []image.VMA) (present, guards []image.Range, err error) {
	parts := divided(vmas)
	found := make([]contents, len(parts))
	var next atomic.Int64
	look := func() {
		for i := next.Add(1) - 1; i < int64(len(parts)); i = next.Add(1) - 1 {
			c, v := &found[i], &parts[i]
			c.present, c.guards, c.err = pagemap.Contents(p.Mem.Pagemap(), v.Range, v.Kind == image.File)
		}
	}
	var others sync.WaitGroup
	for range helpers(parts) {
		others.Go(look)
	}
	look()
	others.Wait()
	for i := range found {
		c := &found[i]
		if errors.Is(c.err, pagemap.ErrUntold) {
			if present, err = p.PrivatePages(vmas); err == nil {
				guards, err = p.Guards(vmas)
			}
			return present, guards, err
		}
		if c.err != nil {
			return nil, nil, c.err
		}
		present, guards = append(present, c.present...), append(guards, c.guards...)
	}
	return layout.Union(present), layout.Union(guards), nil
}

// contents is what one part of a look has found.
type contents struct {
	present, guards []image.Range
	err             error
}

const (
	// smallLook is what takes less time than to wake somebody for it; and the least part of a look.
	smallLook = 64 << 20
	// mostParts is how many parts a mapping is divided into: most of a reservation of
	// terabytes is nothing, and each part costs a call.
	mostParts = 16
)

// divided is the private mappings in parts for several to look at.
func divided(vmas []image.VMA) []image.VMA {
	var parts []image.VMA
	for i := range vmas {
		v := vmas[i]
		if !private(&v) {
			continue
		}
		size := max(smallLook, (v.Len()/mostParts+smallLook-1)&^(smallLook-1))
		for end := v.End; v.Start < end; v.Start = v.End {
			v.End = min(v.Start+size, end)
			parts = append(parts, v)
		}
	}
	return parts
}

// helpers is how many others look besides the caller.
func helpers(parts []image.VMA) int {
	var all uint64
	for i := range parts {
		all += parts[i].Len()
	}
	return int(min(all/smallLook, uint64(runtime.NumCPU()-1), uint64(max(len(parts), 1)-1)))
}

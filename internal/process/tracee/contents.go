package tracee

import (
	"errors"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// Contents is PrivatePages and Guards in one look at the page tables, for a process that
// stands still meanwhile. That look grows with the process.
func (p *Process) Contents(vmas []image.VMA) (present, guards []image.Range, err error) {
	for i := range vmas {
		v := &vmas[i]
		if !private(v) {
			continue
		}
		here, guarded, err := pagemap.Contents(p.Mem.Pagemap(), v.Range, v.Kind == image.File)
		if errors.Is(err, pagemap.ErrUntold) {
			if present, err = p.PrivatePages(vmas); err == nil {
				guards, err = p.Guards(vmas)
			}
			return present, guards, err
		}
		if err != nil {
			return nil, nil, err
		}
		present, guards = append(present, here...), append(guards, guarded...)
	}
	return layout.Union(present), layout.Union(guards), nil
}

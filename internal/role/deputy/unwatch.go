package deputy

import (
	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// unwatch has the kernel serve faults and changes of mappings as ever. The daemon, which still
// holds the userfaultfd, may take its time, and who meets one would wait for it. The process
// runs, and its mappings move and grow: a mapping of which the end alone is watched still would
// be two until the pledge ends, and mremap(2) refuses that.
func (c *coming) unwatch() {
	ms, err := c.p.Family.FS.Maps(c.p.PID)
	if err != nil {
		return // it has ended
	}
	u := uffd.FD(c.fd.Fd())
	for i, m := range ms {
		if !mayBeWatched(m, c.all.Mine) {
			continue
		}
		r := around(ms, i)
		if u.Unregister(r.Start, r.Len()) != nil { // beside it there is by now what cannot be watched
			_ = u.Unregister(m.Start, m.Len()) // if not, it ends with the pledge
		}
	}
}

// mayBeWatched tells whether pages of a mapping may be served: that of an anonymous one, which may have moved, and of
// those that were served in the beginning.
func mayBeWatched(m procfs.Mapping, served []image.Range) bool {
	return m.Ino == 0 && !m.Shared && !m.Special || len(layout.Intersect([]image.Range{m.Range}, served)) > 0
}

// around is the place of a mapping with all that it can grow into.
func around(ms []procfs.Mapping, i int) image.Range {
	r := ms[i].Range
	if i > 0 {
		r.Start = ms[i-1].End
	}
	if i+1 < len(ms) {
		r.End = ms[i+1].Start
	}
	return r
}

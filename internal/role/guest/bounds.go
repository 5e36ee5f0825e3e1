package guest

import (
	"errors"
	"slices"

	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// bounded takes what another process has set for one that is here: its limits, and its threads' CPUs and weights.
// What the process has set itself comes as well, and is known. Link reader.
func (g *Guest) bounded(own int, data []byte) {
	var m wire.BoundsMsg
	if err := wire.Decode(data, &m); err != nil {
		g.log.Warn("bad word of a process's limits", "error", err)
		return
	}
	b := g.bodyByOwn(own)
	if b == nil {
		return // it has ended
	}
	var limits []int
	b.mu.Lock()
	for _, l := range m.Limits {
		if limitActs(l.Resource) && b.img.Limits[l.Resource] != l.Limit {
			b.img.Limits[l.Resource] = l.Limit
			limits = append(limits, l.Resource)
		}
	}
	locks := b.img.Limits[unix.RLIMIT_MEMLOCK]
	b.mu.Unlock()
	if i := slices.Index(limits, unix.RLIMIT_MEMLOCK); i >= 0 { // it acts before the call returns that has changed it
		b.limit(unix.RLIMIT_MEMLOCK, locks)
		limits = slices.Delete(limits, i, i+1)
	}
	var strands []*strand
	for _, c := range m.CPUs {
		if s := g.strandByOwn(c.TID); s != nil && s.b == b {
			s.mu.Lock()
			s.cpus = c.CPUs
			s.mu.Unlock()
			strands = append(strands, s)
		}
	}
	for _, w := range m.Weighs { // before the call returns that has changed it
		s := g.strandByOwn(w.TID)
		if s == nil || s.b != b {
			continue
		}
		s.mu.Lock()
		s.weight = w.Weight
		s.mu.Unlock()
		if err := s.weigh(); err != nil && !errors.Is(err, unix.ESRCH) {
			g.log.Debug("a thread has another weight here", "thread", s.t.Own, "error", err)
		}
	}
	go func() { // to look at its mappings may take a while
		for _, r := range limits {
			b.setLimit(r)
		}
		b.limiting.Lock()
		defer b.limiting.Unlock()
		for _, s := range strands {
			if err := s.confine(); err != nil && err != unix.ESRCH {
				g.log.Warn("affinity not set here", "thread", s.t.Own, "error", err)
			}
		}
	}()
}

// setLimit makes a limit act here as it is now.
func (b *body) setLimit(resource int) {
	b.limiting.Lock()
	defer b.limiting.Unlock()
	b.mu.Lock()
	l := b.img.Limits[resource]
	b.mu.Unlock()
	b.limit(resource, l)
}

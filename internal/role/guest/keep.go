package guest

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/supervisor"
)

// worthAll is the part of a file, as a divisor, of which all is asked for when so
// much of it is needed: it is kept then, and comes no second time. Of a large
// file that is hardly looked at only that comes.
const worthAll = 4

// wholly tells whether all of a file is to come when so many bytes of it are mapped.
func (g *Guest) wholly(f *image.FileID, bytes uint64) bool {
	return len(f.Hash) > 0 && f.Size > 0 && f.Size <= g.daemon.Hello().Keeps && bytes >= f.Size/worthAll
}

// offer gives the daemon a file of which all has come. It makes a copy, which it
// checks, so what is done with this one does not matter.
func (g *Guest) offer(f *image.FileID, s *source) {
	if s.local || len(f.Hash) == 0 || f.Size > g.daemon.Hello().Keeps {
		return
	}
	whole := image.Range{End: pageUp(f.Size)}
	g.mu.Lock()
	done := s.offered || whole.Len() == 0 || len(layout.Subtract([]image.Range{whole}, s.have)) > 0
	s.offered = s.offered || !done
	g.mu.Unlock()
	if done {
		return
	}
	e := supervisor.Event{Kind: supervisor.Came, Twin: &supervisor.Twin{Path: f.Path, Size: f.Size, Hash: f.Hash}}
	if err := g.daemon.Give(e, s.file); err != nil {
		g.log.Debug("a file is not kept", "path", f.Path, "error", err)
	}
}

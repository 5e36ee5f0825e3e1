package guest

import (
	"bytes"

	"openmosix/internal/linux/mem"
	"openmosix/internal/linux/notify"
	"openmosix/internal/model/image"
	"openmosix/internal/model/names"
)

// quickPath is how long a path may be to be looked for by the quick way, its end included.
const quickPath = 256

// quick answers a call that asks of a name of which home has told, as trapped would by
// way of known, but without anything that is needed only to ask home: a compiler makes 1,500
// such calls for each file, from two processes that take turns on one CPU and push each other's code out of
// its caches. False: it is not one of those, and nothing was done.
func (s *strand) quick(n *notify.Notification, room []byte) bool {
	g, b := s.b.g, s.b
	q, asks := names.Asks(int(n.Nr), n.Args)
	if !asks || b.kept.Load() != 0 || b.waitsForPages() {
		return false // signals may have to go home first, or the path may not have come yet
	}
	at := n.Args[q.Path]
	room = room[:min(uint64(len(room)), image.PageSize-at%image.PageSize)]
	if (mem.User{Space: b.Mem}).Read(at, room) != nil {
		return false
	}
	path, _, ended := bytes.Cut(room, []byte{0})
	if !ended {
		return false
	}
	g.mu.Lock()
	var errno int64
	if b.sharesNames {
		if errno = int64(b.hears(q, names.Look(&g.names, path))); errno != 0 {
			b.answered(int(n.Nr), path, errno)
		}
	}
	g.mu.Unlock()
	if errno == 0 {
		return false
	}
	s.consider(int(n.Nr), n.IP)
	b.follows(int(n.Nr), n.Args)
	b.answer(n.ID, -errno)
	return true
}

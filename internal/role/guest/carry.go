package guest

import (
	"sync"

	"openmosix/internal/model/supervisor"
)

// carried is how many processes are on their way in or out. The daemon is told
// when there are some, and when there are none any more: guests may get only
// what others leave of the CPUs, and with that a move takes minutes.
type carried struct {
	mu sync.Mutex
	n  int
}

// carry notes that one more is on its way, and returns what notes its arrival.
func (g *Guest) carry() (over func()) {
	g.carries(1)
	return func() { g.carries(-1) }
}

func (g *Guest) carries(more int) {
	c := &g.carried
	c.mu.Lock() // until it is told: in this order
	defer c.mu.Unlock()
	was := c.n > 0
	c.n += more
	if is := c.n > 0; is != was {
		g.tell(supervisor.Event{Kind: supervisor.Carries, Done: uint64(c.n)})
	}
	if c.n == 0 {
		g.daemon.Moved()
	}
}

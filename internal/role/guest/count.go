package guest

import (
	"time"

	"openmosix/internal/model/wire"
)

// What forwarding costs a program is seen here: the way to home, the wait there
// and the way back. Home is told with the other figures of use; a guest that is
// killed takes those of its last second with it.

// count counts the answer to a request that a thread's call has sent home.
// A call that is done in several requests counts for each. Link reader.
func (g *Guest) count(p *pending, received int) {
	from := p.begun
	if p.rpc != nil {
		from = p.asked
	}
	g.calls.Add(p.nr, time.Since(from), p.size, received)
}

// tellCalls tells home what was counted since the last time.
func (g *Guest) tellCalls() {
	g.telling.Lock()
	defer g.telling.Unlock()
	if calls := g.calls.Take(); calls != nil {
		_ = g.post(wire.Calls, 0, wire.Encode(wire.CallsMsg{Calls: calls}))
	}
}

package daemon

import (
	"context"
	"sync"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/peer"
)

// leave empties the node: own processes come home, those of others go. What
// has not ended in time goes on without this daemon.
func (d *Daemon) leave(ctx context.Context) {
	d.leaving.Store(true) // nothing comes and nothing goes any more
	ctx, cancel := context.WithTimeout(ctx, d.stopFor)
	defer cancel()
	var group sync.WaitGroup
	for _, h := range d.homes.list() {
		group.Go(func() { d.sendHome(ctx, h) })
	}
	for _, number := range d.guests.homesOf() {
		group.Go(func() { d.askToFetch(ctx, number) })
	}
	for _, g := range d.guests.list() {
		group.Go(func() {
			select {
			case <-g.ended:
			case <-ctx.Done():
				g.child.log.Warn("a guest stays behind", "home", g.home, "process", g.about.PID)
			}
		})
	}
	group.Wait()
	if away, left := d.away(), len(d.guests.list()); away > 0 || left > 0 {
		d.log.Warn("the time for leaving is over: what is not at home goes on without this daemon, and the next one finds it again",
			"limit", d.stopFor, "own processes away", away, "guests here", left)
	} else {
		d.log.Info("everything is where it belongs")
	}
}

func (d *Daemon) sendHome(ctx context.Context, h *home) {
	q := supervisor.Request{ID: d.homes.nextID.Add(1), Verb: supervisor.LeaveAll}
	if err := h.child.tell(supervisor.FromDaemon{Request: &q}); err != nil {
		return // it has ended
	}
	select {
	case <-h.ended:
	case <-ctx.Done():
		h.child.log.Warn("a supervisor has not brought everything home in time and goes on alone")
	}
}

func (d *Daemon) askToFetch(ctx context.Context, number int) {
	node, known := d.nodes.Lookup(number)
	if !known {
		return
	}
	if _, err := d.call(ctx, node, peer.Request{Leave: true}); err != nil {
		d.log.Warn("cannot ask a node to take its processes away", "node", number, "error", err)
	}
}

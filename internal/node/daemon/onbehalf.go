package daemon

import (
	"context"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/peer"
)

// A guest is moved by its home: the node it runs on passes a request of its
// own users on.

// moveGuest asks the home of a guest that runs here to move it.
func (d *Daemon) moveGuest(ctx context.Context, r control.Request) control.Result {
	asking, cancel := context.WithTimeout(ctx, describeTimeout)
	d.guests.refresh(asking)
	cancel()
	for _, p := range d.guests.lent() {
		if p.PID != r.PID {
			continue
		}
		if r.To == d.config.Number {
			return alreadyThere(r.To)
		}
		home, known := d.nodes.Lookup(p.Node)
		if !known {
			return failed(supervisor.UnknownNode, "its home, node %d, is not known here", p.Node)
		}
		reply, err := d.call(ctx, home, peer.Request{Fetch: &peer.Fetch{PID: p.HomePID, To: r.To, Balance: r.Balance}})
		if err != nil {
			return failed(supervisor.Unreachable, "its home, node %d, cannot be asked: %v", p.Node, err)
		}
		if reply.Fetched == nil {
			return failed(supervisor.Unreachable, "its home, node %d, does not move it: %s", p.Node, reply.Error)
		}
		f := reply.Fetched
		result := control.Result{Node: f.Node, Micros: f.Micros, Code: f.Code, Text: f.Text}
		if r.Balance && f.Code == "" {
			result.Balance, result.Text = &control.Balance{Text: f.Text}, ""
		}
		return result
	}
	return failed(supervisor.CannotMove, "cannot move: it is part of a guest of another node, not a process of it")
}

// longestWhy of what another node gives as a reason.
const longestWhy = 500

// fetchOne does what the node asks on which a process of ours runs. A node may
// only send away what runs on itself.
func (d *Daemon) fetchOne(ctx context.Context, from int, f peer.Fetch) *peer.Fetched {
	_, p, held := d.homes.find(f.PID)
	if !held || p.Node != from {
		return &peer.Fetched{Code: supervisor.NoSuchProcess, Text: "no such process there"}
	}
	chosen := ""
	if f.Balance {
		to, why, no := d.bestNode(ctx, f.PID, nil)
		if no.Code != "" {
			return &peer.Fetched{Code: no.Code, Text: no.Text}
		}
		f.To, chosen = to, why.Text
	}
	if f.Unasked {
		if no := d.maySendOn(f.PID); no.Code != "" {
			return &peer.Fetched{Code: no.Code, Text: no.Text}
		}
	}
	q := supervisor.Request{Verb: supervisor.MoveTo, PID: f.PID, Why: f.Why[:min(len(f.Why), longestWhy)]}
	if f.To != 0 && f.To != d.config.Number {
		node, known := d.nodes.Lookup(f.To)
		if !known {
			return &peer.Fetched{Code: supervisor.UnknownNode, Text: "its home does not know that node"}
		}
		if no := d.mayGo(f.PID, f.To); no.Code != "" {
			return &peer.Fetched{Code: no.Code, Text: no.Text}
		}
		q.To, q.Addr = f.To, node.Address
	}
	r := d.move(ctx, q, func(control.Progress) {})
	if r.Code == "" {
		r.Text = chosen
	}
	return &peer.Fetched{Node: r.Node, Micros: r.Micros, Code: r.Code, Text: r.Text}
}

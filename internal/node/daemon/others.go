package daemon

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/model/wire"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/peer"
)

// openTimeout covers the start of a supervisor over there.
const openTimeout = 20 * time.Second

// errNoWord says that an open has been waited for in vain.
var errNoWord = fmt.Errorf("its daemon has not answered within %v", openTimeout)

// peerRequest does what another node's daemon asks.
func (d *Daemon) peerRequest(ctx context.Context, from trust.Name, r peer.Request, tell func(control.Progress)) peer.Reply {
	switch {
	case r.Open != nil:
		opened := d.lend(from, *r.Open)
		opened.Protocol, opened.Version, opened.Wall = wire.Protocol, d.version, time.Now().UnixNano()
		return peer.Reply{Opened: &opened}
	case r.Info:
		info := d.info()
		return peer.Reply{Info: &info}
	case r.Leave:
		// A node may only send away what runs on itself.
		go d.fetchFrom(ctx, from.Node)
		return peer.Reply{}
	case r.Fetch != nil:
		return peer.Reply{Fetched: d.fetchOne(ctx, from.Node, *r.Fetch)}
	case r.Watch != nil:
		return d.watched(from, *r.Watch)
	case r.Orphan != nil:
		d.guests.orphaned(from.Node, *r.Orphan)
		return peer.Reply{}
	case r.Pass != nil:
		pass, err := d.grantPass(from.Node, *r.Pass)
		if err != nil {
			return peer.Reply{Error: err.Error()}
		}
		return peer.Reply{Pass: &pass}
	case r.Admin != nil:
		// Only daemons of the cluster get here, and they ask for root only.
		result := d.adminHere(ctx, *r.Admin, tell)
		return peer.Reply{Admin: &result}
	}
	return peer.Reply{Error: "request not understood (different versions?)"}
}

func (d *Daemon) call(ctx context.Context, node config.Peer, r peer.Request) (*peer.Reply, error) {
	return d.followCall(ctx, node, r, func(control.Progress) {})
}

// followCall is call of something that takes long.
func (d *Daemon) followCall(ctx context.Context, node config.Peer, r peer.Request, tell func(control.Progress)) (*peer.Reply, error) {
	id, err := d.identity(trust.Daemon)
	if err != nil {
		return nil, err
	}
	way, err := d.wayTo(ctx, node.Address)
	if err != nil {
		return nil, err
	}
	return peer.Follow(ctx, node.Number, way, id, r, tell)
}

// openFor asks another node for a session on behalf of a home supervisor.
func (d *Daemon) openFor(h *home, o supervisor.Open) {
	opened := d.open(o)
	opened.ID = o.ID
	if opened.Code == "" && o.Session == (supervisor.Session{}) {
		h.opened(session{o.Node, opened.Session})
	}
	h.child.answer(supervisor.FromDaemon{Opened: &opened})
}

func (d *Daemon) open(o supervisor.Open) supervisor.Opened {
	node, known := d.nodes.Lookup(o.Node)
	if !known {
		return supervisor.Opened{Code: supervisor.UnknownNode, Text: fmt.Sprintf("unknown node %d", o.Node)}
	}
	for _, number := range []int{d.config.Number, o.Node} {
		if twins := d.twinsOf(number); len(twins) > 0 {
			return supervisor.Opened{Code: supervisor.Refused,
				Text: fmt.Sprintf("node number %d is taken twice, by %s too: change one of them", number, strings.Join(twins, ", "))}
		}
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), openTimeout, errNoWord)
	defer cancel()
	if o.Session != (supervisor.Session{}) {
		return d.leadTo(ctx, node, supervisor.Opened{Session: o.Session})
	}
	if d.isDown(o.Node) {
		return supervisor.Opened{Code: supervisor.Unreachable, Text: fmt.Sprintf("node %d is down", o.Node)}
	}
	asked := d.disclosed(o)
	asked.Version = d.version
	begun := time.Now()
	reply, err := d.call(ctx, node, peer.Request{Open: &asked})
	heard := time.Now()
	if err != nil {
		return supervisor.Opened{Code: supervisor.Unreachable, Text: fmt.Sprintf("node %d: %v", node.Number, err)}
	}
	if reply.Opened == nil {
		return supervisor.Opened{Code: supervisor.Unreachable, Text: fmt.Sprintf("node %d: its answer is not understood", node.Number)}
	}
	opened := *reply.Opened
	if why := cmp.Or(d.spokenBy(node.Number, o, opened), otherTime(node.Number, opened.Wall, begun, heard)); why != "" {
		if opened.Code == "" { // it does not compare, or not as this one does
			go d.orphaned([]session{{node.Number, opened.Session}})
		}
		return supervisor.Opened{Code: supervisor.Refused, Text: why}
	}
	if opened.Code != "" {
		return opened
	}
	return d.leadTo(ctx, node, opened)
}

// leadTo adds the way to a session, and how fast it is.
func (d *Daemon) leadTo(ctx context.Context, node config.Peer, opened supervisor.Opened) supervisor.Opened {
	way, err := d.wayTo(ctx, node.Address)
	if err != nil {
		return supervisor.Opened{Code: supervisor.Unreachable, Text: fmt.Sprintf("node %d: %v", node.Number, err)}
	}
	opened.Addr, opened.Pass = way.Address, way.Pass
	opened.Rate = uint64(d.link(node.Number).Bandwidth)
	return opened
}

// fetchFrom brings everything home that runs on a node.
func (d *Daemon) fetchFrom(ctx context.Context, node int) {
	for _, p := range d.homes.procs() {
		if p.Node != node {
			continue
		}
		q := supervisor.Request{Verb: supervisor.MoveTo, PID: p.PID, Why: fmt.Sprintf("node %d goes down", node)}
		go d.move(ctx, q, func(control.Progress) {})
	}
}

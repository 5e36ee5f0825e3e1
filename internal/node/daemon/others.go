package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/peer"
)

const (
	// openTimeout covers the start of a supervisor over there.
	openTimeout = 20 * time.Second
	// infoTimeout is how long a node may take to tell of itself.
	infoTimeout = 2 * time.Second
)

// peerRequest does what another node's daemon asks.
func (d *Daemon) peerRequest(ctx context.Context, from trust.Name, r peer.Request, tell func(control.Progress)) peer.Reply {
	switch {
	case r.Open != nil:
		opened := d.lend(from, *r.Open)
		return peer.Reply{Opened: &opened}
	case r.Info:
		info, err := d.info()
		if err != nil {
			return peer.Reply{Error: err.Error()}
		}
		return peer.Reply{Info: &info}
	case r.Leave:
		// A node may only send away what runs on itself.
		go d.fetchFrom(ctx, from.Node)
		return peer.Reply{}
	case r.Fetch != nil:
		return peer.Reply{Fetched: d.fetchOne(ctx, from.Node, *r.Fetch)}
	case r.Watch != nil:
		return d.watched(from, *r.Watch)
	case r.Admin != nil:
		// Only daemons of the cluster get here, and they ask for root only.
		result := d.adminHere(ctx, *r.Admin, tell)
		return peer.Reply{Admin: &result}
	}
	return peer.Reply{Error: "request not understood (different versions?)"}
}

func (d *Daemon) call(ctx context.Context, node config.Peer, r peer.Request) (*peer.Reply, error) {
	id, err := d.identity(trust.Daemon)
	if err != nil {
		return nil, err
	}
	return peer.Call(ctx, node.Number, node.Address, id, r)
}

// openFor asks another node for a session on behalf of a home supervisor.
func (d *Daemon) openFor(h *home, o supervisor.Open) {
	opened := d.open(o)
	opened.ID = o.ID
	if err := h.child.tell(supervisor.FromDaemon{Opened: &opened}); err != nil {
		h.child.log.Warn("cannot answer supervisor", "error", err)
	}
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
	if d.isDown(o.Node) {
		return supervisor.Opened{Code: supervisor.Unreachable, Text: fmt.Sprintf("node %d is down", o.Node)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	asked := d.disclosed(o)
	reply, err := d.call(ctx, node, peer.Request{Open: &asked})
	if err != nil {
		return supervisor.Opened{Code: supervisor.Unreachable, Text: fmt.Sprintf("node %d: %v", node.Number, err)}
	}
	if reply.Opened == nil {
		return supervisor.Opened{Code: supervisor.Unreachable, Text: fmt.Sprintf("node %d: its answer is not understood", node.Number)}
	}
	opened := *reply.Opened
	opened.Addr = node.Address
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

func (d *Daemon) info() (peer.Info, error) {
	total, available, err := d.machine.Memory()
	if err != nil {
		return peer.Info{}, err
	}
	free, err := d.memoryForGuests()
	if err != nil {
		return peer.Info{}, err
	}
	set, now := d.settings.Now(), d.measure.Now()
	info := peer.Info{
		Name: d.config.Name, Release: release(), Guests: len(d.guests.list()), Away: d.away(),
		MemTotal: total, MemFree: free, CPUs: runtime.NumCPU(), Accepting: !set.Block,
		Speed: speedOf(set, now), MemAvailable: available,
		Quiet: set.Quiet, Stay: set.Stay, LStay: set.LStay, NoMFS: set.NoMFS,
	}
	if set.Quiet { // what is in use can be inferred from what is free
		return info, nil
	}
	info.Load = load.Of(now.Demand, now.CPUs, info.Speed)
	info.Utilisation = int(math.Round(100 * now.Used))
	return info, nil
}

func (d *Daemon) away() int {
	n := 0
	for _, p := range d.homes.procs() {
		if p.Node != 0 {
			n++
		}
	}
	return n
}

func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// survey asks all nodes of themselves, at once.
func (d *Daemon) survey(ctx context.Context) []control.Node {
	peers := d.nodes.List()
	out := make([]control.Node, len(peers))
	var group sync.WaitGroup
	for i, p := range peers {
		group.Go(func() { out[i] = d.ask(ctx, p) })
	}
	group.Wait()
	if _, listed := d.nodes.Lookup(d.config.Number); !listed {
		out = append(out, d.ask(ctx, config.Peer{Number: d.config.Number, Name: d.config.Name, Address: d.address}))
	}
	slices.SortFunc(out, func(a, b control.Node) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

func (d *Daemon) ask(ctx context.Context, p config.Peer) control.Node {
	n := control.Node{Number: p.Number, Name: p.Name, Address: p.Address, Self: p.Number == d.config.Number}
	var info peer.Info
	if n.Self {
		own, err := d.info()
		if err != nil {
			n.Text = err.Error()
			return n
		}
		info = own
	} else if d.isDown(p.Number) {
		n.Text = "it does not answer the other nodes"
		return n
	} else {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(ctx, infoTimeout)
		defer cancel()
		reply, err := d.call(ctx, p, peer.Request{Info: true})
		if err == nil && reply.Info == nil {
			err = errors.New("its answer is not understood")
		}
		if err != nil {
			n.Text = fmt.Sprint(err)
			return n
		}
		info = *reply.Info
		n.AskMicros = time.Since(begun).Microseconds()
	}
	n.Twins = d.twinsOf(p.Number)
	n.Up, n.Guests, n.Away, n.CPUs = true, info.Guests, info.Away, info.CPUs
	n.MemTotal, n.MemFree, n.Accepting = info.MemTotal, info.MemFree, info.Accepting
	n.Load, n.Utilisation, n.Speed = load.In(info.Load, d.settings.Now().Yard), info.Utilisation, info.Speed
	n.MemAvailable, n.Quiet = info.MemAvailable, info.Quiet
	n.Stay, n.LStay, n.NoMFS = info.Stay, info.LStay, info.NoMFS
	if n.Name == "" {
		n.Name = info.Name
	}
	return n
}

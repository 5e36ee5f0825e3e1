package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/roster"
	"openmosix/internal/model/seal"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/membership"
	"openmosix/internal/role/member"
	"openmosix/internal/role/transport"

	"golang.org/x/sys/unix"
)

// membershipOptions is what the table of nodes needs of the daemon.
func (d *Daemon) membershipOptions() membership.Options {
	return membership.Options{
		Gossip: func() []seal.Secret { return d.circle.Load().Gossip(time.Now()) },
		Beacon: func() []seal.Secret { return d.circle.Load().Beacon(time.Now()) },
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			id, err := d.identity(trust.Daemon)
			if err != nil {
				return nil, err
			}
			way, err := d.wayTo(ctx, address)
			if err != nil {
				return nil, err
			}
			return transport.DialGossip(ctx, way, id)
		},
		Refused: d.refusedPacket,
		Told: func(kind member.Kind, payload []byte) {
			if kind == member.Load { // others are of a later version
				d.information.Heard(payload)
			}
		},
		Happened: d.nodeHappened,
		Moved:    func() { d.elsewhere(0, "") },
		LookUp: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		Log: d.log,
	}
}

// nodeHappened hears of nodes that come and go.
func (d *Daemon) nodeHappened(w event.What) {
	d.happened(w)
	if n, ok := w.(*event.Node); ok && n.Is == event.NodeUp {
		go d.isAt(n.Number, n.Address)
	}
}

// isAt tells home supervisors where a node is that has just come: it may have been elsewhere.
func (d *Daemon) isAt(number int, address string) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	way, err := d.wayTo(ctx, address)
	if err != nil || way.Pass != (supervisor.Session{}) {
		return
	}
	d.elsewhere(number, way.Address)
}

// elsewhere has home supervisors connect to a node at its new address, if they may be connected to it, or,
// from this one's, to all.
func (d *Daemon) elsewhere(node int, address string) {
	for _, h := range d.homes.list() {
		if node != 0 && !h.mayUse(node) {
			continue
		}
		_ = h.child.tell(supervisor.FromDaemon{Request: &supervisor.Request{Verb: supervisor.Elsewhere, To: node, Addr: address}})
	}
}

// listen opens the node's port. The address is also that of gossip packets.
func (d *Daemon) listen() (net.Listener, netip.AddrPort, error) {
	listener, err := net.Listen("tcp", d.config.Listen)
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return nil, netip.AddrPort{}, fmt.Errorf("listen for the other nodes: %w; end what uses this port, or give another one in the setting listen", err)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return nil, netip.AddrPort{}, fmt.Errorf("listen for the other nodes: %w; this machine has no such address, which is in the setting listen", err)
	case err != nil:
		return nil, netip.AddrPort{}, fmt.Errorf("listen for the other nodes: %w", err)
	}
	d.address = listener.Addr().String()
	bound, err := netip.ParseAddrPort(d.address)
	if err != nil {
		listener.Close()
		return nil, netip.AddrPort{}, fmt.Errorf("listen for the other nodes: %w", err)
	}
	return listener, bound, nil
}

// keepTable runs the membership. A node whose membership fails is still one
// that serves this machine and whoever knows its address.
func (d *Daemon) keepTable(ctx context.Context, bound netip.AddrPort) {
	for {
		err := d.table.Run(ctx, bound)
		if err == nil {
			return
		}
		d.log.Error("this node finds no others; trying again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Second):
		}
	}
}

// settleGossip gives a proven stream of another daemon to the membership.
func (d *Daemon) settleGossip(conn net.Conn) (func(), error) {
	id, err := d.identity(trust.Daemon)
	if err != nil {
		return nil, err
	}
	server, err := transport.Server(conn, id, trust.Daemon)
	if err != nil {
		return nil, err
	}
	return func() { d.table.Take(server) }, nil
}

// isDown tells whether a node was there and is gone, or out of reach: the others
// may reach it, and vouch for it, when the relay between has gone. Of a node
// that was only configured nothing is known: it has to be asked.
func (d *Daemon) isDown(number int) bool {
	n, known := d.table.Node(number)
	if !known || n.State == roster.Unheard || number == d.config.Number {
		return false
	}
	_, reached := d.table.Via(n.Address)
	return n.State == roster.Down || !reached
}

// twinsOf are the addresses of other nodes that claim a number.
func (d *Daemon) twinsOf(number int) []string {
	n, _ := d.table.Node(number)
	return n.Twins
}

// refused tells of the first bad connection of each source; the gate counts. A node of the cluster that has hung up, or
// comes for what has ended here, is no stranger.
func (d *Daemon) refused(source netip.Addr, err error) {
	if (transport.HungUp(err) || errors.Is(err, errNoSession)) && d.isOfNode(source) {
		d.log.Debug("a connection of a node ended before it was one", "address", source, "error", err)
		return
	}
	if d.told.first(source) {
		d.happened(&event.Stranger{Address: source.String(), By: "connection", Reason: err.Error()})
	}
}

// isOfNode tells whether a node of the table has this address.
func (d *Daemon) isOfNode(source netip.Addr) bool {
	return slices.ContainsFunc(d.nodes.List(), func(p config.Peer) bool {
		at, err := netip.ParseAddrPort(p.Address)
		return err == nil && at.Addr().Unmap() == source
	})
}

// refusedPacket is refused for packets, which the gate does not see.
func (d *Daemon) refusedPacket(source netip.Addr, err error) {
	d.packets.Add(1)
	if d.told.first(source) {
		d.happened(&event.Stranger{Address: source.String(), By: "packet", Reason: err.Error()})
	}
}

func (d *Daemon) refusedCount() uint64 { return d.gate.RefusedCount() + d.packets.Load() }

// toldSources remembers who has been named, within a bound.
type toldSources struct {
	mu   sync.Mutex
	seen map[netip.Addr]struct{}
}

func (t *toldSources) first(a netip.Addr) bool {
	const bound = 1024
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.seen[a]; ok || len(t.seen) >= bound {
		return false
	}
	if t.seen == nil {
		t.seen = make(map[netip.Addr]struct{})
	}
	t.seen[a] = struct{}{}
	return true
}

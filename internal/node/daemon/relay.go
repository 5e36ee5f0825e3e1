package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/topology"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/peer"
	"openmosix/internal/node/reexec"
	"openmosix/internal/role/carrier"
	"openmosix/internal/role/transport"
)

const (
	// passLife is how long a pass waits to be shown.
	passLife = 15 * time.Second
	// maxPasses bounds those that wait, for each node that asks and for all.
	maxPassesOfNode = 128
	maxPasses       = 1024
)

// pass lets one connection through to a member.
type pass struct {
	to    netip.AddrPort
	left  int
	node  int // that asked for it
	until time.Time
}

// relay is what a node passes on for others. Its lock guards passes and carrier.
type relay struct {
	mu      sync.Mutex
	passes  map[supervisor.Session]pass
	carrier *child // nil: none has been started
	open    atomic.Int32
}

func (r *relay) passing() int { return int(r.open.Load()) }

// wayTo finds how to connect to the node known by an address. If that takes a
// relay, it is asked for a pass.
func (d *Daemon) wayTo(ctx context.Context, address string) (transport.Way, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return transport.Way{Address: address}, nil // a host name: configured, so nothing is known of it
	}
	return d.wayBy(ctx, d.table.Way(to), to, topology.MaxGateways-1)
}

func (d *Daemon) wayBy(ctx context.Context, way topology.Way, to netip.AddrPort, left int) (transport.Way, error) {
	out := transport.Way{Address: way.Address.String()}
	if way.Relay == 0 {
		return out, nil
	}
	id, err := d.identity(trust.Daemon)
	if err != nil {
		return transport.Way{}, err
	}
	reply, err := peer.Call(ctx, way.Relay, out, id, peer.Request{Pass: &peer.Pass{To: to.String(), Left: left}})
	if err == nil && (reply.Pass == nil || *reply.Pass == supervisor.Session{}) {
		err = errors.New("its answer is not understood (different versions?)")
	}
	if err != nil {
		return transport.Way{}, fmt.Errorf("by relay node %d: %w", way.Relay, err)
	}
	out.Pass = *reply.Pass
	return out, nil
}

// grantPass answers a node that wants to be let through to another.
func (d *Daemon) grantPass(from int, p peer.Pass) (supervisor.Session, error) {
	to, err := netip.ParseAddrPort(p.To)
	if err == nil {
		_, err = d.table.PassOn(to, p.Left)
	}
	if err == nil && d.relay.passing() >= carrier.Max {
		err = fmt.Errorf("it passes on %d connections already", carrier.Max)
	}
	var name supervisor.Session
	if err == nil {
		name, err = d.relay.draw(pass{to: to, left: p.Left, node: from, until: time.Now().Add(passLife)})
	}
	if err != nil {
		d.log.Info("not passed on", "from", from, "to", p.To, "why", err)
		return supervisor.Session{}, fmt.Errorf("does not pass on to %s: %w", p.To, err)
	}
	return name, nil
}

// draw keeps a pass under a name nobody can guess.
func (r *relay) draw(p pass) (supervisor.Session, error) {
	var name supervisor.Session
	if _, err := rand.Read(name[:]); err != nil {
		return name, fmt.Errorf("draw pass: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now, ofNode := time.Now(), 0
	for n, other := range r.passes {
		if now.After(other.until) {
			delete(r.passes, n)
		} else if other.node == p.node {
			ofNode++
		}
	}
	if ofNode >= maxPassesOfNode || len(r.passes) >= maxPasses {
		return name, errors.New("too many passes are waiting to be used")
	}
	r.passes[name] = p
	return name, nil
}

// redeem takes a pass; it is good once.
func (r *relay) redeem(name supervisor.Session) (pass, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.passes[name]
	delete(r.passes, name)
	if !ok || time.Now().After(p.until) {
		return pass{}, errors.New("no such pass here")
	}
	return p, nil
}

// passConnection connects one who shows a pass. The pass proves that a member
// has asked; who it is, the node at the other end finds out.
func (d *Daemon) passConnection(conn net.Conn, name supervisor.Session) error {
	p, err := d.relay.redeem(name)
	if err != nil {
		return err
	}
	defer conn.Close() // the carrier has its own
	if err := d.carry(conn, p); err != nil {
		d.log.Info("not passed on", "from", p.node, "to", p.to, "why", err)
	}
	return nil
}

func (d *Daemon) carry(conn net.Conn, p pass) error {
	ctx, cancel := context.WithTimeout(context.Background(), transport.HandshakeTimeout)
	defer cancel()
	way, err := d.table.PassOn(p.to, p.left)
	if err != nil {
		return err
	}
	next, err := d.wayBy(ctx, way, p.to, p.left-1)
	if err != nil {
		return err
	}
	onward, err := transport.Passed(ctx, conn, next)
	if err != nil {
		return err
	}
	defer onward.Close()
	return d.giveToCarrier(conn, onward)
}

func (d *Daemon) giveToCarrier(ends ...net.Conn) error {
	var files []*os.File
	for _, e := range ends {
		f, err := e.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			return fmt.Errorf("duplicate connection: %w", err)
		}
		defer f.Close()
		files = append(files, f)
	}
	c, err := d.carrier()
	if err != nil {
		return err
	}
	c.conn.SetWriteDeadline(time.Now().Add(tellTimeout))
	if err := c.conn.Send(carrier.Order{}, files...); err != nil {
		return fmt.Errorf("give connection to the carrier: %w", err)
	}
	return nil
}

// carrier is the process that carries; it is started when there is something
// to carry.
func (d *Daemon) carrier() (*child, error) {
	r := d.relay
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.carrier != nil {
		select {
		case <-r.carrier.exited:
		default:
			return r.carrier, nil
		}
	}
	c, err := d.launch.start(reexec.Carrier, "node"+strconv.Itoa(d.config.Number), "", nil, nil)
	if err != nil {
		return nil, err
	}
	r.carrier = c
	go r.count(c)
	return c, nil
}

// count takes the carrier's reports until it ends.
func (r *relay) count(c *child) {
	defer c.conn.Close()
	for {
		var report carrier.Report
		files, err := c.conn.Recv(&report)
		for _, f := range files {
			f.Close()
		}
		if err != nil {
			r.open.Store(0)
			return
		}
		r.open.Store(int32(report.Open))
	}
}

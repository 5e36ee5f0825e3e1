// Package member keeps the list of the nodes that are up, by the SWIM protocol
// (hashicorp/memberlist): each node asks others now and then whether they
// live, and what is learnt spreads as gossip.
//
//	packets  UDP, sealed with the gossip key (model/seal), on the node's port number
//	streams  TCP, TLS of the daemons, taken from the node's gate
//
// So memberlist itself runs without a key: what reaches it is from a member of
// the cluster, once, and strangers are counted here and not in its log.
//
// On the same packets, others of this program tell theirs (Tell): also where
// there is no membership, in a cluster whose nodes are a fixed list.
//
// Not here: how nodes are found the first time, and what two nodes of one
// number mean. A member is told apart by number and address together.
//
// Ownership: memberlist owns its goroutines and calls Events one at a time,
// under its own lock: Events must not call the Group.
package member

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"openmosix/internal/model/beacon"
	"openmosix/internal/model/seal"
)

// Member is a node that is up.
type Member struct {
	Number  int
	Name    string
	Address netip.AddrPort
}

// Events hears what becomes of the others.
type Events interface {
	Up(Member)
	Down(m Member, left bool) // left: it said goodbye
}

// Options are what a Group needs.
type Options struct {
	Self    Member // the address is what the others are told
	Listen  string // where packets come in
	Secrets func() []seal.Secret
	// Dial makes a stream to another node; both sides are proven.
	Dial    func(ctx context.Context, address string) (net.Conn, error)
	Allowed func(netip.Addr) bool
	Refused func(netip.Addr, error)
	Events  Events
	// Told hears what others tell with Tell. It must not block.
	Told func(Kind, []byte)
	Log  *slog.Logger

	members bool // packets and streams of memberlist have a taker
}

// Group is the membership of this node.
type Group struct {
	list    *memberlist.Memberlist // nil: only packets are told
	wires   *wires
	self    Member
	leaving atomic.Bool
}

// leaveTime is how long a goodbye may take.
const leaveTime = 2 * time.Second

// NewFixed makes a group that keeps no membership and only tells packets.
// Events, Dial and Self are not used.
func NewFixed(o Options) (*Group, error) {
	var salt seal.Salt
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, fmt.Errorf("draw salt of packets: %w", err)
	}
	w, err := newWires(o, salt)
	if err != nil {
		return nil, err
	}
	return &Group{wires: w}, nil
}

// New starts the membership of this node, alone in it.
func New(o Options) (*Group, error) {
	o.members = true
	g, err := NewFixed(o)
	if err != nil {
		return nil, err
	}
	g.self = o.Self
	w := g.wires
	c := memberlist.DefaultLANConfig()
	c.Name = fmt.Sprintf("%d@%s", o.Self.Number, o.Self.Address)
	c.Transport = w
	c.AdvertiseAddr, c.AdvertisePort = o.Self.Address.Addr().String(), int(o.Self.Address.Port())
	c.BindPort = c.AdvertisePort
	c.UDPBufferSize -= seal.Overhead
	// Seconds, not tens of them, until a silent node is taken for dead.
	c.SuspicionMult, c.SuspicionMaxTimeoutMult = 3, 3
	c.PushPullInterval = 15 * time.Second
	// Nothing compressed: what is inside a packet costs no more than it is long.
	c.EnableCompression = false
	c.Delegate, c.Alive, c.Events = meta{g}, judge{o}, events{o}
	c.Logger = log.New(lines{o.Log}, "", 0)
	if g.list, err = memberlist.Create(c); err != nil {
		w.Shutdown()
		return nil, fmt.Errorf("start membership: %w", err)
	}
	return g, nil
}

// Join asks the nodes at these addresses (ADDRESS:PORT) for their members. It
// succeeds if one of them answers.
func (g *Group) Join(addresses []string) error {
	_, err := g.list.Join(addresses)
	return err
}

// Take serves a stream that another node has opened.
func (g *Group) Take(conn net.Conn) {
	if g.list == nil {
		conn.Close()
		return
	}
	g.wires.take(conn)
}

// Leave says goodbye.
func (g *Group) Leave() error {
	g.leaving.Store(true)
	return errors.Join(g.list.UpdateNode(leaveTime), g.list.Leave(leaveTime))
}

// Close ends the group without a word.
func (g *Group) Close() error {
	if g.list == nil {
		return g.wires.Shutdown()
	}
	return g.list.Shutdown()
}

// Words of what a node tells of itself besides its beacon.
const (
	staying = 0
	leaving = 1
)

// meta is what this node tells of itself through memberlist.
type meta struct{ g *Group }

func (m meta) NodeMeta(limit int) []byte {
	self := m.g.self
	raw, err := beacon.Beacon{Number: self.Number, Port: self.Address.Port(), Name: self.Name}.Encode()
	if err != nil || len(raw)+1 > limit {
		return nil // the others will refuse it; New has checked before
	}
	word := byte(staying)
	if m.g.leaving.Load() {
		word = leaving
	}
	return append([]byte{word}, raw...)
}

func (meta) NotifyMsg([]byte)                {}
func (meta) GetBroadcasts(int, int) [][]byte { return nil }
func (meta) LocalState(bool) []byte          { return nil }
func (meta) MergeRemoteState([]byte, bool)   {}

// memberOf reads what a node told of itself.
func memberOf(n *memberlist.Node) (m Member, isLeaving bool, err error) {
	if len(n.Meta) < 1 {
		return Member{}, false, errors.New("member tells nothing of itself")
	}
	b, err := beacon.Decode(n.Meta[1:])
	if err != nil {
		return Member{}, false, fmt.Errorf("read what a member tells of itself: %w", err)
	}
	address, ok := netip.AddrFromSlice(n.Addr)
	if !ok {
		return Member{}, false, errors.New("member without an address")
	}
	m = Member{Number: b.Number, Name: b.Name, Address: netip.AddrPortFrom(address.Unmap(), n.Port)}
	return m, n.Meta[0] == leaving, nil
}

// judge refuses members that cannot be understood.
type judge struct{ o Options }

func (j judge) NotifyAlive(n *memberlist.Node) error {
	m, _, err := memberOf(n)
	if err == nil && !j.o.Allowed(m.Address.Addr()) {
		err = fmt.Errorf("node %d at %s is in none of the networks that may connect (setting networks)", m.Number, m.Address)
	}
	return err
}

// events turns memberlist's events into ours.
type events struct{ o Options }

func (e events) NotifyJoin(n *memberlist.Node) { e.up(n) }

func (e events) NotifyUpdate(n *memberlist.Node) { e.up(n) }

func (e events) up(n *memberlist.Node) {
	m, leaving, err := memberOf(n)
	if err != nil || m == e.o.Self || leaving {
		return
	}
	e.o.Events.Up(m)
}

func (e events) NotifyLeave(n *memberlist.Node) {
	m, leaving, err := memberOf(n)
	if err != nil || m == e.o.Self {
		return
	}
	e.o.Events.Down(m, leaving)
}

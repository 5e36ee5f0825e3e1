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
// Packets to a node in another network go to a relay, sealed within a sealed
// packet; streams go through it too, which is Dial's affair.
//
// Not here: how nodes are found the first time, which way leads to them, and
// what two nodes of one number mean. A member is told apart by number and
// address together.
//
// Ownership: memberlist owns its goroutines and calls Events one at a time,
// under its own lock: Events must not call the Group. Goodbyes come from other
// goroutines. mu is a leaf.
package member

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"openmosix/internal/model/seal"
	"openmosix/internal/model/topology"
)

// Member is a node that is up.
type Member struct {
	Name string
	topology.Node
}

// same tells whether two are the same node.
func (m Member) same(o Member) bool { return m.Number == o.Number && m.Address == o.Address }

// id is its name in the protocol.
func (m Member) id() string { return fmt.Sprintf("%d@%s", m.Number, m.Address) }

// Events hears what becomes of the others.
type Events interface {
	Up(Member)
	Down(m Member, left bool) // left: it said goodbye, perhaps after it was missed
	// Offered are the members a node knows that was just asked for them. They
	// are judged one by one afterwards.
	Offered([]Member)
}

// Options are what a Group needs.
type Options struct {
	Self    Member // the address is what the others are told
	Listen  string // where packets come in
	Secrets func() []seal.Secret
	// Dial makes a stream to another node; both sides are proven.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Way is where packets for a node go, PassOn where those go that a node
	// over there sent to be passed on, over so many relays at most.
	Way     func(to netip.AddrPort) topology.Way
	PassOn  func(to netip.AddrPort, gateways int) (topology.Way, error)
	Allowed func(netip.Addr) bool
	// Judge tells why a member is not taken.
	Judge   func(Member) error
	Refused func(netip.Addr, error)
	Events  Events
	Now     func() time.Time
	// Told hears what others tell with Tell. It must not block.
	Told func(Kind, []byte)
	Log  *slog.Logger

	members bool // packets and streams of memberlist have a taker
}

// Group is the membership of this node.
type Group struct {
	o     Options
	list  *memberlist.Memberlist // nil: only packets are told
	wires *wires
	run   run
	words memberlist.TransmitLimitedQueue // goodbyes, this node's and those it spreads on
	count atomic.Int32                    // of the others; for the queue

	mu     sync.Mutex // orders Events
	others map[string]*other
	lately []heard
}

// other is what is known of another node, by its id.
type other struct {
	Member
	run  run
	up   bool // by memberlist
	left bool // it has said goodbye, and Events was told if it knew of it
	odd  bool // it has been told that its clock is not as this one
}

// maxGone bounds what is remembered of nodes that are gone: a goodbye may come
// after they were missed, and word that they are up after their goodbye.
const maxGone = 1024

// NewFixed makes a group that keeps no membership and only tells packets.
// Events, Judge, Dial and Self are not used.
func NewFixed(o Options) (*Group, error) {
	g := &Group{o: o, run: run(o.Now().UnixNano()), others: make(map[string]*other)}
	salt, err := g.run.salt()
	if err != nil {
		return nil, fmt.Errorf("draw salt of packets: %w", err)
	}
	if g.wires, err = newWires(o, salt, g.runs); err != nil {
		return nil, err
	}
	return g, nil
}

// New starts the membership of this node, alone in it.
func New(o Options) (*Group, error) {
	o.members = true
	g, err := NewFixed(o)
	if err != nil {
		return nil, err
	}
	w := g.wires
	if _, err := tell(o.Self, g.run); err != nil {
		w.Shutdown()
		return nil, err
	}
	c := memberlist.DefaultLANConfig()
	c.Name = o.Self.id()
	c.Transport = w
	c.AdvertiseAddr, c.AdvertisePort = o.Self.Address.Addr().String(), int(o.Self.Address.Port())
	c.BindPort = c.AdvertisePort
	c.UDPBufferSize -= packetOverhead
	// Seconds, not tens of them, until a silent node is taken for dead.
	c.SuspicionMult, c.SuspicionMaxTimeoutMult = 3, 3
	// A node that misses many others is not slowed down as much as to miss them
	// one by one for minutes: after a partition it does.
	c.AwarenessMaxMultiplier = 4
	c.PushPullInterval = 15 * time.Second
	c.TCPTimeout = streamTime
	// Nothing compressed: what is inside a packet costs no more than it is long.
	c.EnableCompression = false
	c.Delegate, c.Alive, c.Merge, c.Events = delegate{g}, g, g, events{g}
	c.Logger = log.New(lines{o.Log}, "", 0)
	g.words.RetransmitMult = insistence * c.RetransmitMult
	g.words.NumNodes = func() int { return int(g.count.Load()) + 1 }
	if g.list, err = memberlist.Create(c); err != nil {
		w.Shutdown()
		return nil, fmt.Errorf("start membership: %w", err)
	}
	return g, nil
}

// streamTime bounds a stream from its first byte to its last.
const streamTime = 10 * time.Second

// Join asks the nodes at these addresses (ADDRESS:PORT) for their members. It
// succeeds if one of them answers.
func (g *Group) Join(addresses []string) error {
	_, err := g.list.Join(addresses)
	return err
}

// Alone tells whether this node knows no other that is up.
func (g *Group) Alone() bool { return g.count.Load() == 0 }

// Take serves a stream that another node has opened.
func (g *Group) Take(conn net.Conn) {
	if g.list == nil {
		conn.Close()
		return
	}
	g.wires.take(conn)
}

// silent are the Events of a group that is closed.
type silent struct{}

func (silent) Up(Member)         {}
func (silent) Down(Member, bool) {}
func (silent) Offered([]Member)  {}

// Close ends the group without a word. Events hears nothing from then on: memberlist still finds
// that nodes are dead of which it was waiting for an answer.
func (g *Group) Close() error {
	g.mu.Lock()
	g.o.Events = silent{}
	g.mu.Unlock()
	if g.list == nil {
		return g.wires.Shutdown()
	}
	return g.list.Shutdown()
}

// NotifyAlive refuses members that cannot be understood, or are not wanted. It
// is for memberlist.
func (g *Group) NotifyAlive(n *memberlist.Node) error {
	m, _, err := memberOf(n)
	if err != nil || m.same(g.o.Self) {
		return err
	}
	return g.o.Judge(m)
}

// NotifyMerge is for memberlist.
func (g *Group) NotifyMerge(nodes []*memberlist.Node) error {
	var offered []Member
	for _, n := range nodes {
		if m, _, err := memberOf(n); err == nil && n.State == memberlist.StateAlive && !m.same(g.o.Self) {
			offered = append(offered, m)
		}
	}
	g.mu.Lock()
	events := g.o.Events
	g.mu.Unlock()
	events.Offered(offered)
	return nil
}

// events turns memberlist's events into ours.
type events struct{ g *Group }

func (e events) NotifyJoin(n *memberlist.Node) { e.g.up(n) }

func (e events) NotifyUpdate(n *memberlist.Node) { e.g.up(n) }

func (e events) NotifyLeave(n *memberlist.Node) { e.g.down(n) }

func (g *Group) up(n *memberlist.Node) {
	m, r, err := memberOf(n)
	if err != nil || m.same(g.o.Self) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.others[n.Name]
	if known == nil || known.run != r {
		known = &other{run: r}
		g.others[n.Name] = known
	}
	known.Member, known.up = m, true
	g.recount()
	if !known.left { // it is old news if it is
		g.o.Events.Up(m)
	}
}

func (g *Group) down(n *memberlist.Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.others[n.Name]
	if known == nil {
		return
	}
	known.up = false
	if !known.left { // else it has been told
		g.o.Events.Down(known.Member, false)
	}
	g.recount()
}

// recount bounds what is remembered. Precondition: mu is held.
func (g *Group) recount() {
	gone := ""
	up := 0
	for id, o := range g.others {
		if o.up {
			up++
		} else {
			gone = id
		}
	}
	if len(g.others)-up > maxGone {
		delete(g.others, gone)
	}
	g.count.Store(int32(up))
}

// Package membership keeps a node's table of nodes: it puts together what finds
// nodes (beacons, seeds, the configured peers, those that were lost) and what
// knows which are up (role/member), and answers who is who.
//
//	beacon heard ──┐
//	seeds, peers ──┼─► addresses to join ─► member.Group ─► up, down ─► roster
//	lost nodes ────┘
//
// Without discovery in the configuration only the configured peers are in the
// table, and nothing is known of whether they are up. Packets are told to them
// all the same.
//
// How a node is reached that is in none of the networks this one talks to
// directly, ways.go says.
//
// Ownership: mu guards roster, topology, hosts, candidates and settings. Nothing blocks under
// it and no callback is called with it held. Attempts to join have a goroutine
// each, one for an address, and end before Run does.
package membership

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/beacon"
	"openmosix/internal/model/event"
	"openmosix/internal/model/roster"
	"openmosix/internal/model/seal"
	"openmosix/internal/model/topology"
	"openmosix/internal/node/config"
	"openmosix/internal/role/discovery"
	"openmosix/internal/role/member"
)

const (
	// joinEvery is how often nodes that are known and not up are looked for.
	joinEvery = 5 * time.Second
	// maxCandidates bounds the addresses that wait to be joined, maxJoining
	// those that are being tried.
	maxCandidates = 256
	maxJoining    = 16
)

// Options are what a Table needs of its daemon.
type Options struct {
	Gossip, Beacon func() []seal.Secret
	// Dial makes a proven stream to another node's membership.
	Dial    func(ctx context.Context, address string) (net.Conn, error)
	Refused func(netip.Addr, error)
	// Told hears what other nodes tell in packets. It must not block.
	Told func(member.Kind, []byte)
	// Happened hears of nodes that come and go.
	Happened func(event.What)
	// Moved hears that this node has lost its address and has another.
	Moved func()
	// LookUp finds the addresses of a host. It may take its time.
	LookUp func(ctx context.Context, host string) ([]netip.Addr, error)
	Log    *slog.Logger
}

// Table is the table of nodes.
type Table struct {
	o Options

	mu         sync.Mutex
	group      *member.Group // nil: this node does not listen
	settings   config.Config
	roster     *roster.Roster
	ways       *topology.Map
	offered    *topology.Map // what a node told that was asked for its members
	candidates map[string]struct{}
	joining    map[string]struct{}
	told       []config.Peer // whom packets are told; nil: to be made of the roster again
	networks   networks
	hosts      map[string]host // by name
	poke       chan struct{}   // one place: there are candidates
}

// New makes the table of a complete and checked configuration.
func New(c config.Config, o Options) *Table {
	t := &Table{o: o, candidates: make(map[string]struct{}), joining: make(map[string]struct{}),
		hosts: make(map[string]host), poke: make(chan struct{}, 1)}
	t.roster = roster.New(c.Number, c.Name, "")
	t.ways, t.offered = topology.New(nil), topology.New(nil)
	t.configure(c)
	return t
}

// Configure takes over changed settings.
func (t *Table) Configure(c config.Config) {
	t.mu.Lock()
	t.configure(c)
	t.mu.Unlock()
	t.wake()
}

func (t *Table) configure(c config.Config) {
	t.settings = c
	t.networks = networks{}
	t.told = nil
	var nodes []roster.Node
	for _, p := range c.Peers {
		nodes = append(nodes, roster.Node{Number: p.Number, Name: p.Name, Address: p.Address})
	}
	t.roster.Configure(nodes)
}

// Run keeps the table until ctx ends. listening is what the daemon's gate is
// bound to.
func (t *Table) Run(ctx context.Context, listening netip.AddrPort) error {
	t.mu.Lock()
	c := t.settings
	t.mu.Unlock()
	ctx, over := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() { t.lookUp(ctx) })
	defer looking.Wait()
	defer over()
	if !c.Discovery.Enabled {
		return t.runFixed(ctx, listening)
	}
	for ctx.Err() == nil {
		self, err := t.self(c, listening.Port())
		if err == nil {
			err = t.live(ctx, c, self, listening)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// live takes part in the membership under these addresses, until ctx ends or this node has others.
func (t *Table) live(ctx context.Context, c config.Config, self member.Member, listening netip.AddrPort) error {
	group, err := member.New(member.Options{
		Self: self, Listen: listening.String(), Secrets: t.o.Gossip, Dial: t.o.Dial,
		Way: t.Way, PassOn: t.PassOn, Allowed: t.Allowed, Judge: t.judge, Refused: t.o.Refused,
		Events: t, Told: t.o.Told, Now: time.Now, Log: t.o.Log,
	})
	if err != nil {
		return err
	}
	defer t.serve(group)()
	ctx, moved := context.WithCancel(ctx)
	defer moved()
	var finding sync.WaitGroup
	defer finding.Wait()
	if c.Discovery.Multicast {
		finding.Go(func() { t.find(ctx, c.Discovery.Port, self) })
	}
	finding.Go(func() {
		if t.hasMoved(ctx, self) {
			t.o.Moved()
			moved()
		}
	})
	t.join(ctx, group)
	return nil
}

// serve has the group used, until over is called.
func (t *Table) serve(group *member.Group) (over func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.group = group
	return func() {
		t.mu.Lock()
		t.group = nil
		t.mu.Unlock()
		_ = group.Close()
	}
}

// members is the group; nil: there is none.
func (t *Table) members() *member.Group {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.group
}

func (t *Table) self(c config.Config, port uint16) (member.Member, error) {
	addresses, err := c.Addresses()
	if err != nil {
		return member.Member{}, err
	}
	networks, err := c.Passes()
	if err != nil {
		return member.Member{}, err
	}
	self := member.Member{Name: c.Name, Node: topology.Node{
		Number: c.Number, Address: netip.AddrPortFrom(addresses[0], port), Others: addresses[1:], Networks: networks}}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.roster.List() { // of an earlier address
		if n.State == roster.Up && n.Number != c.Number {
			t.candidates[n.Address] = struct{}{}
		}
	}
	t.roster = roster.New(c.Number, c.Name, self.Address.String())
	t.told = nil
	t.ways, t.offered = topology.New(addresses), topology.New(addresses)
	t.configure(t.settings)
	return self, nil
}

// find hears the beacons of others and tells of this node.
func (t *Table) find(ctx context.Context, port int, self member.Member) {
	err := discovery.Run(ctx, discovery.Options{
		Port: port, Secrets: t.o.Beacon, Allowed: t.Allowed, Refused: t.o.Refused, Heard: t.heard, Log: t.o.Log,
		Settings: func() discovery.Settings {
			t.mu.Lock()
			c := t.settings.Discovery
			t.mu.Unlock()
			b := beacon.Beacon{Number: self.Number, Port: self.Address.Port(), Name: self.Name, Addresses: append([]netip.Addr{self.Address.Addr()}, self.Others...)}
			return discovery.Settings{Interfaces: multicasting(c.Interfaces), TTL: c.TTL, Beacon: b}
		},
	})
	if err != nil {
		t.o.Log.Warn("nodes are not found by beacons", "error", err)
	}
}

// heard notes where a node may be; one that is up is no news. Its first address
// is the one it is known by; to be tried is one this node sees.
func (t *Table) heard(from netip.Addr, b beacon.Beacon) {
	addresses := b.Addresses
	if len(addresses) == 0 {
		addresses = []netip.Addr{from}
	}
	known := netip.AddrPortFrom(addresses[0], b.Port).String()
	at := known
	if i := slices.IndexFunc(addresses, t.Allowed); i >= 0 {
		at = netip.AddrPortFrom(addresses[i], b.Port).String()
	}
	t.mu.Lock()
	fresh := !t.holds(b.Number, known) && len(t.candidates) < maxCandidates
	if fresh {
		t.candidates[at] = struct{}{}
	}
	t.mu.Unlock()
	if fresh {
		t.wake()
	}
}

// holds tells whether the node at address is up and known by this number.
// Precondition: mu is held.
func (t *Table) holds(number int, address string) bool {
	n, known := t.roster.Lookup(number)
	return known && n.State == roster.Up && (n.Address == address || slices.Contains(n.Twins, address))
}

func (t *Table) wake() {
	select {
	case t.poke <- struct{}{}:
	default:
	}
}

// Take serves a stream of another node's membership.
func (t *Table) Take(conn net.Conn) {
	if group := t.members(); group != nil {
		group.Take(conn)
	} else {
		conn.Close()
	}
}

// Up is for member.
func (t *Table) Up(m member.Member) {
	t.mu.Lock()
	t.ways.Put(m.Node)
	twin, news := t.roster.CameUp(m.Number, m.Name, m.Address.String(), time.Now())
	t.told = nil
	if news && len(m.Networks) > 0 && len(t.candidates) < maxCandidates {
		// Asked for its members once more: now those behind it can be reached.
		t.candidates[m.Address.String()] = struct{}{}
		defer t.wake()
	}
	t.mu.Unlock()
	n := &event.Node{Is: event.NodeUp, Number: m.Number, Name: m.Name, Address: m.Address.String()}
	if twin != "" {
		n.Is, n.First = event.NumberTaken, twin
	}
	if news {
		t.o.Happened(n)
	}
}

// Down is for member.
func (t *Table) Down(m member.Member, left bool) {
	t.mu.Lock()
	t.ways.Down(m.Address)
	flaps := t.roster.WentDown(m.Number, m.Address.String(), left, time.Now())
	t.told = nil
	t.mu.Unlock()
	n := &event.Node{Is: event.NodeGone, Number: m.Number, Name: m.Name, Address: m.Address.String()}
	if left {
		n.Is = event.NodeLeft
	} else if flaps {
		n.Reason = unreached(m.Address)
	}
	t.o.Happened(n)
}

// unreached is the likely reason of a node that is heard and does not answer.
func unreached(at netip.AddrPort) string {
	return fmt.Sprintf("it reaches others and does not answer: is its port %d closed to them, TCP or UDP?", at.Port())
}

// Node finds a node with all that is known of it.
func (t *Table) Node(number int) (roster.Node, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.roster.Lookup(number)
}

// Lookup finds a node.
func (t *Table) Lookup(number int) (config.Peer, bool) {
	n, known := t.Node(number)
	if !known || number == t.own() && n.Address == "" {
		return config.Peer{}, false
	}
	return config.Peer{Number: n.Number, Name: n.Name, Address: n.Address}, true
}

// List is all nodes, ascending.
func (t *Table) List() []config.Peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []config.Peer
	for _, n := range t.roster.List() {
		if n.Address != "" {
			out = append(out, config.Peer{Number: n.Number, Name: n.Name, Address: n.Address})
		}
	}
	return slices.SortedFunc(slices.Values(out), func(a, b config.Peer) int { return cmp.Compare(a.Number, b.Number) })
}

func (t *Table) own() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settings.Number
}

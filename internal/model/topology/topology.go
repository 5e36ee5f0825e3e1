// Package topology decides how a node is connected to: at one of its addresses,
// or through a relay, which is a node that sees several networks and passes on
// what nodes say to each other that have none in common.
//
//	node 1 ── network a ── relay 2 ── network b ── node 3
//
// It is told of nodes and what they tell of themselves; which addresses this
// node can talk to without help it asks. Pure: no sockets, no clock. A Map
// belongs to one goroutine at a time.
package topology

import (
	"net/netip"
	"slices"
)

// MaxGateways is how many relays there may be between two nodes, as in the original.
const MaxGateways = 2

// maxNodes bounds what is remembered of nodes that are gone.
const maxNodes = 4096

// Node is what has to be known of a node to connect to it.
type Node struct {
	Number   int
	Address  netip.AddrPort // by which it is known
	Others   []netip.Addr   // its addresses in other networks, with the same port
	Networks []netip.Prefix // those it passes on between; none: it is no relay
}

func (n Node) addresses() []netip.Addr { return append([]netip.Addr{n.Address.Addr()}, n.Others...) }

// Way is where to connect in order to reach a node.
type Way struct {
	Address netip.AddrPort
	Relay   int // the number of the relay at Address; 0: the node itself is there
}

// Map is what is known of nodes.
type Map struct {
	own   []netip.Addr
	nodes map[netip.AddrPort]Node
	up    map[netip.AddrPort]bool
}

// New makes the map of a node with these addresses.
func New(own []netip.Addr) *Map {
	return &Map{own: own, nodes: make(map[netip.AddrPort]Node), up: make(map[netip.AddrPort]bool)}
}

// Put notes a node that is up.
func (m *Map) Put(n Node) {
	if _, known := m.nodes[n.Address]; !known && len(m.nodes) >= maxNodes {
		for a := range m.nodes {
			if !m.up[a] {
				delete(m.nodes, a)
				break
			}
		}
	}
	m.nodes[n.Address], m.up[n.Address] = n, true
}

// Down notes that a node is gone. Where it was stays known: it may come back.
func (m *Map) Down(address netip.AddrPort) { delete(m.up, address) }

// Up tells whether the node known by this address is up.
func (m *Map) Up(address netip.AddrPort) bool { return m.up[address] }

// Way finds how to reach the node known by an address. sees tells which
// addresses this node talks to directly; gateways is how many relays may be
// between. Not found: the address itself is all there is to try.
func (m *Map) Way(to netip.AddrPort, sees func(netip.Addr) bool, gateways int) (Way, bool) {
	target, known := m.nodes[to]
	if !known {
		target = Node{Address: to}
	}
	return m.WayTo(target, sees, gateways)
}

// WayTo is Way for a node that may not be on the map.
func (m *Map) WayTo(target Node, sees func(netip.Addr) bool, gateways int) (Way, bool) {
	if a, ok := m.direct(target, sees); ok {
		return Way{Address: a}, true
	}
	// Backwards from the target: first the relays that see it, then those that
	// see one of these.
	reached := []Node{target}
	used := map[netip.AddrPort]bool{target.Address: true}
	for range min(gateways, MaxGateways) {
		var next []Node
		for a, n := range m.nodes {
			if m.up[a] && !used[a] && slices.ContainsFunc(reached, n.seesNode) {
				next = append(next, n)
			}
		}
		slices.SortFunc(next, func(a, b Node) int { return a.Address.Compare(b.Address) })
		if w, ok := m.chosen(next, target, sees); ok {
			return w, true
		}
		for _, n := range next {
			used[n.Address] = true
		}
		reached = next
	}
	return Way{Address: target.Address}, false
}

// chosen is one of the relays that this node can talk to. The targets are
// spread over them, each always by the same one.
func (m *Map) chosen(relays []Node, target Node, sees func(netip.Addr) bool) (Way, bool) {
	var ways []Way
	for _, r := range relays {
		if a, ok := m.direct(r, sees); ok {
			ways = append(ways, Way{Address: a, Relay: r.Number})
		}
	}
	if len(ways) == 0 {
		return Way{}, false
	}
	sum := 0
	for _, b := range target.Address.Addr().AsSlice() {
		sum += int(b)
	}
	return ways[sum%len(ways)], true
}

// direct is the address of a node that is talked to without help. Its own
// first; of the others not one that this node has too: every machine has the
// same addresses on its inner bridges.
func (m *Map) direct(n Node, sees func(netip.Addr) bool) (netip.AddrPort, bool) {
	if sees(n.Address.Addr()) {
		return n.Address, true
	}
	for _, a := range n.Others {
		if sees(a) && !slices.Contains(m.own, a) {
			return netip.AddrPortFrom(a, n.Address.Port()), true
		}
	}
	return netip.AddrPort{}, false
}

// seesNode tells whether a relay has a network in common with a node.
func (n Node) seesNode(other Node) bool {
	return slices.ContainsFunc(n.Networks, func(p netip.Prefix) bool {
		return slices.ContainsFunc(other.addresses(), func(a netip.Addr) bool { return p.Contains(a.Unmap()) })
	})
}

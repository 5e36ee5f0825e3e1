package membership

import (
	"errors"
	"fmt"
	"net/netip"

	"openmosix/internal/model/topology"
	"openmosix/internal/role/member"
)

// Way tells where to connect to reach the node known by an address. Where no way
// is known that is the address itself.
func (t *Table) Way(to netip.AddrPort) topology.Way {
	way, _ := t.way(to)
	return way
}

func (t *Table) way(to netip.AddrPort) (topology.Way, bool) {
	sees := t.allowed().contain
	if sees(to.Addr()) {
		return topology.Way{Address: to}, true // most are; the map is not needed
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ways.Way(to, sees, t.settings.Topology.Gateways)
}

// Why nothing is passed on.
var (
	errNoRelay  = errors.New("this node is no relay (setting topology.relay)")
	errNoMember = errors.New("it is no member of the cluster that is up")
	errNoWay    = errors.New("this node does not see it, and may ask no other relay")
)

// PassOn is Way for what another node has sent to be passed on: to members
// only, and over so many more relays at most.
func (t *Table) PassOn(to netip.AddrPort, gateways int) (topology.Way, error) {
	sees := t.allowed().contain
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.settings.Topology.Relay:
		return topology.Way{}, errNoRelay
	case !t.ways.Up(to):
		return topology.Way{}, errNoMember
	}
	way, ok := t.ways.Way(to, sees, gateways)
	if !ok {
		return topology.Way{}, errNoWay
	}
	return way, nil
}

// judge tells why a member is not taken: one that is not reached must not be in
// the list, for it would be called dead.
func (t *Table) judge(m member.Member) error {
	sees := t.allowed().contain
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ways := range []*topology.Map{t.ways, t.offered} {
		if _, ok := ways.WayTo(m.Node, sees, t.settings.Topology.Gateways); ok {
			return nil
		}
	}
	return fmt.Errorf("node %d at %s is in none of the networks that may connect (setting networks), and no relay leads there", m.Number, m.Address)
}

// Offered is for member: relays are known before those behind them are judged.
func (t *Table) Offered(members []member.Member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.offered = topology.New(nil)
	for _, m := range members {
		t.offered.Put(m.Node)
	}
}

// Via is the number of the relay this node reaches another by, 0 for none, and
// whether it reaches it at all. Of host names nothing is known: they are tried.
func (t *Table) Via(address string) (relay int, reached bool) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return 0, true
	}
	way, reached := t.way(to)
	return way.Relay, reached
}

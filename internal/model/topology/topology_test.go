package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func at(text string) netip.AddrPort { return netip.MustParseAddrPort(text + ":7779") }

func network(letter int) netip.Prefix {
	return netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", letter))
}

// in makes a node of this number in these networks; one in several is a relay.
func in(number int, networks ...int) Node {
	n := Node{Number: number}
	for i, letter := range networks {
		a := netip.AddrFrom4([4]byte{10, byte(letter), 0, byte(number)})
		if i == 0 {
			n.Address = netip.AddrPortFrom(a, 7779)
		} else {
			n.Others = append(n.Others, a)
		}
		if len(networks) > 1 {
			n.Networks = append(n.Networks, network(letter))
		}
	}
	return n
}

func seesOf(n Node) func(netip.Addr) bool {
	return func(a netip.Addr) bool {
		return slices.ContainsFunc(n.addresses(), func(own netip.Addr) bool {
			p, _ := own.Prefix(16)
			return p.Contains(a)
		})
	}
}

func TestWays(t *testing.T) {
	one, two, three, four := in(1, 1), in(2, 1, 2), in(3, 2, 3), in(4, 3)
	for _, c := range []struct {
		name     string
		from     Node
		to       Node
		gateways int
		want     string
	}{
		{"a neighbour", one, two, 0, "10.1.0.2:7779 over 0"},
		{"a neighbour by its other address", three, two, 1, "10.2.0.2:7779 over 0"},
		{"over a relay", one, three, 1, "10.1.0.2:7779 over 2"},
		{"and back", three, one, 1, "10.2.0.2:7779 over 2"},
		{"no relay is wanted", one, three, 0, "none"},
		{"two relays, one is allowed", one, four, 1, "none"},
		{"two relays", one, four, 2, "10.1.0.2:7779 over 2"},
		{"two relays, back", four, one, 2, "10.3.0.3:7779 over 3"},
	} {
		m := New(c.from.addresses())
		for _, n := range []Node{one, two, three, four} {
			if n.Number != c.from.Number {
				m.Put(n)
			}
		}
		got := "none"
		if w, ok := m.Way(c.to.Address, seesOf(c.from), c.gateways); ok {
			got = fmt.Sprintf("%v over %d", w.Address, w.Relay)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		m.Down(two.Address)
		m.Down(three.Address)
		if w, ok := m.Way(c.to.Address, seesOf(c.from), c.gateways); ok && w.Relay != 0 {
			t.Errorf("%s: over a relay that is down", c.name)
		}
	}
}

// Where every machine has the same inner network, its address there is nobody's.
func TestAnAddressThatEverybodyHas(t *testing.T) {
	inner := netip.MustParseAddr("172.17.0.1")
	m := New([]netip.Addr{netip.MustParseAddr("10.1.0.1"), inner})
	m.Put(Node{Number: 9, Address: at("10.9.0.9"), Others: []netip.Addr{inner}})
	sees := func(a netip.Addr) bool { return a == inner || network(1).Contains(a) }
	if w, ok := m.Way(at("10.9.0.9"), sees, 1); ok {
		t.Errorf("%+v", w)
	}
}

// Following the ways from node to node ends at the target, over no more relays
// than were allowed, wherever the nodes are.
func TestWaysLeadThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Node
		for number := range rapid.IntRange(2, 12).Draw(t, "nodes") {
			networks := rapid.SliceOfNDistinct(rapid.IntRange(1, 5), 1, 3, rapid.ID[int]).Draw(t, "networks")
			all = append(all, in(number+1, networks...))
		}
		byNumber := func(number int) Node { return all[number-1] }
		maps := make(map[int]*Map)
		for _, n := range all {
			maps[n.Number] = New(n.addresses())
			for _, other := range all {
				maps[n.Number].Put(other)
			}
		}
		here, to := rapid.SampledFrom(all).Draw(t, "from"), rapid.SampledFrom(all).Draw(t, "to")
		gateways := rapid.IntRange(0, MaxGateways).Draw(t, "gateways")
		w, ok := maps[here.Number].Way(to.Address, seesOf(here), gateways)
		for ; ok && w.Relay != 0; gateways-- {
			if gateways == 0 {
				t.Fatal("more relays than allowed")
			}
			here = byNumber(w.Relay)
			w, ok = maps[here.Number].Way(to.Address, seesOf(here), gateways-1)
			if !ok {
				t.Fatal("the way ends at a relay")
			}
		}
		if ok && !slices.Contains(to.addresses(), w.Address.Addr()) {
			t.Fatalf("it leads to %v", w.Address)
		}
	})
}

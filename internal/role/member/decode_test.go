package member

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/memberlist"

	"openmosix/internal/model/beacon"
	"openmosix/internal/model/seal"
	"openmosix/internal/model/topology"
)

// talkative has as much to tell as a node may.
func talkative() Member {
	m := Member{Name: strings.Repeat("n", beacon.MaxName), Node: topology.Node{Number: 65535, Address: netip.MustParseAddrPort("[2001:db8::1]:7779")}}
	for i := range 8 {
		a := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(i), 15: 1})
		m.Others = append(m.Others, a)
		m.Networks = append(m.Networks, netip.PrefixFrom(a, 64).Masked())
	}
	return m
}

func TestWhatAMemberTells(t *testing.T) {
	for _, want := range []Member{
		{Name: "one", Node: topology.Node{Number: 1, Address: netip.MustParseAddrPort("10.0.0.1:7779")}},
		talkative(),
	} {
		raw, err := tell(want, 7)
		if err != nil {
			t.Fatal(err)
		}
		got, r, err := memberOf(&memberlist.Node{Addr: want.Address.Addr().AsSlice(), Port: want.Address.Port(), Meta: raw})
		if err != nil || r != 7 || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, %v; want %+v", got, r, err, want)
		}
	}
}

func FuzzMemberOf(f *testing.F) {
	raw, _ := tell(talkative(), 7)
	f.Add(raw, []byte{10, 0, 0, 1}, uint16(7779))
	f.Add([]byte("12345678\x01\x40\x04\x0a\x00\x00\x00"), []byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, meta, address []byte, port uint16) {
		m, r, err := memberOf(&memberlist.Node{Addr: address, Port: port, Meta: meta})
		if err != nil {
			return
		}
		if again, err := tell(m, r); err == nil && len(again) > memberlist.MetaMaxSize {
			t.Error("it tells more than fits")
		}
	})
}

func FuzzOnward(f *testing.F) {
	inner := make([]byte, seal.Overhead)
	f.Add(onward{to: netip.MustParseAddrPort("10.0.0.1:7779"), left: 1, packet: inner}.encode())
	f.Add(onward{to: netip.MustParseAddrPort("[2001:db8::1]:1"), packet: inner}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := decodeOnward(b)
		if err == nil && o.to.Addr().Is4() == (b[4] == 4) && !bytes.Equal(o.encode(), b) {
			t.Errorf("%x is read as %+v", b, o)
		}
	})
}

func FuzzState(f *testing.F) {
	m := goodbye{id: "1@10.0.0.1:7779", run: 9}.Message()
	f.Add(append([]byte{byte(len(m))}, m...))
	f.Add([]byte{5, 'g'})
	one := start(f, 1, 0, nil)
	f.Fuzz(func(t *testing.T, b []byte) { delegate{one.Group}.MergeRemoteState(b, false) })
}

func FuzzGoodbye(f *testing.F) {
	f.Add(goodbye{id: "1@10.0.0.1:7779", run: 9}.Message())
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, ok := decodeGoodbye(b); ok && !bytes.Equal(g.Message(), b) {
			t.Errorf("%x is read as %+v", b, g)
		}
	})
}

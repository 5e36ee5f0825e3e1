package beacon

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	for _, b := range []Beacon{
		{Number: 1, Port: 1},
		{Number: 65535, Port: 7779, Name: "größer", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1")}},
	} {
		raw, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(append(raw, "of a later version"...))
		if err != nil || !reflect.DeepEqual(got, b) {
			t.Errorf("%+v, %v", got, err)
		}
		for cut := range raw {
			if _, err := Decode(raw[:cut]); err == nil {
				t.Errorf("cut at %d of %d: accepted", cut, len(raw))
			}
		}
	}
}

func TestBounds(t *testing.T) {
	long := Beacon{Number: 2, Port: 2, Name: strings.Repeat("ü", MaxName), Addresses: make([]netip.Addr, 20)}
	for i := range long.Addresses {
		long.Addresses[i] = netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
	}
	raw, err := long.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(raw); err != nil || len(got.Addresses) != MaxAddresses || len(got.Name) != MaxName {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []Beacon{{Number: 0, Port: 1}, {Number: 65536, Port: 1}, {Number: 1}, {Number: 1, Port: 1, Name: "a\x1b[2J"}} {
		if _, err := bad.Encode(); err == nil {
			t.Errorf("%+v: encoded", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	raw, _ := Beacon{Number: 1, Port: 7779, Name: "one", Addresses: []netip.Addr{netip.MustParseAddr("fe80::1")}}.Encode()
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Decode(data)
		if err != nil {
			return
		}
		again, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(again); err != nil || !reflect.DeepEqual(got, b) {
			t.Fatalf("%+v became %+v, %v", b, got, err)
		}
	})
}

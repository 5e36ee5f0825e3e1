package discovery

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"openmosix/internal/model/beacon"
	"openmosix/internal/model/seal"
)

func TestUnderstand(t *testing.T) {
	ours, other := seal.Secret{ID: [4]byte{1}}, seal.Secret{ID: [4]byte{2}}
	here, away := netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("192.0.2.1")
	c := &crier{opener: seal.Opener{Runs: whenever}, own: seal.Salt{1}, o: Options{
		Secrets: func() []seal.Secret { return []seal.Secret{ours} },
		Allowed: func(a netip.Addr) bool { return a == here },
	}}
	told := beacon.Beacon{Number: 2, Port: 7779, Name: "two"}
	raw, err := told.Encode()
	if err != nil {
		t.Fatal(err)
	}
	peer, now := seal.NewSealer(seal.Salt{2}), time.Now()
	good := peer.Seal(ours, now, raw)
	if b, own, err := c.understand(here, good); err != nil || own || b.Number != 2 {
		t.Errorf("%+v %v %v", b, own, err)
	}
	if _, _, err := c.understand(here, good); !errors.Is(err, seal.ErrReplayed) {
		t.Errorf("replayed: %v", err)
	}
	if _, _, err := c.understand(here, peer.Seal(other, now, raw)); !errors.Is(err, seal.ErrOtherKey) {
		t.Errorf("other cluster: %v", err)
	}
	if b, _, err := c.understand(here, peer.Seal(ours, time.Unix(100, 0), raw)); err != nil || b.Number != 2 {
		t.Errorf("of a node whose clock is wrong: %+v, %v", b, err)
	}
	if _, _, err := c.understand(here, peer.Seal(ours, now, raw[:3])); err == nil {
		t.Error("a beacon that is cut was understood")
	}
	if _, _, err := c.understand(away, peer.Seal(ours, now, raw)); err == nil {
		t.Error("a beacon of another network was understood")
	}
	mine := seal.NewSealer(seal.Salt{1}).Seal(ours, now, raw)
	for range 2 { // multicast may come back twice
		if _, own, err := c.understand(here, mine); !own || err != nil {
			t.Errorf("own: %v %v", own, err)
		}
	}
}

// Who is not in the networks that may connect is refused; but each node of the segment also sends from its
// link-local address, and that is no stranger.
func TestLinkLocalAddressesOutsideTheNetworks(t *testing.T) {
	c := &crier{o: Options{Allowed: func(netip.Addr) bool { return false }}}
	if _, idle, err := c.understand(netip.MustParseAddr("fe80::1%eth0"), nil); !idle || err != nil {
		t.Errorf("%v, %v", idle, err)
	}
	for _, other := range []string{"10.1.2.3", "169.254.1.2", "2001:db8::1"} {
		if _, idle, err := c.understand(netip.MustParseAddr(other), nil); idle || err == nil {
			t.Errorf("%s: %v, %v", other, idle, err)
		}
	}
}

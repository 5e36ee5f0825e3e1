package member

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Kind says what a packet is about that is not memberlist's.
type Kind byte

// Load is what model/gossip encodes.
const Load Kind = 1

// told is the first byte of our packets, before the kind. memberlist's begin
// with one of its message types, which are small numbers, or with 244.
const told = 'o'

// MaxPayload is how long a payload may be: so much fits where memberlist's
// packets do.
const MaxPayload = 1400 - packetOverhead - 2

// lookupTime is how long a name may take to become an address.
const lookupTime = time.Second

// Tell sends a payload to the node at an address, HOST:PORT. It may be lost on
// its way. Nothing is known of who is there, but that nobody else can read it.
func (g *Group) Tell(to string, kind Kind, payload []byte) error {
	if len(payload) > MaxPayload {
		return fmt.Errorf("tell %s: %d bytes are more than a packet may have", to, len(payload))
	}
	address, err := resolved(to)
	if err != nil {
		return fmt.Errorf("tell %s: %w", to, err)
	}
	_, err = g.wires.WriteTo(append([]byte{told, byte(kind)}, payload...), address)
	return err
}

// resolved turns the name of a host, as configured peers may have one, into its address.
func resolved(address string) (string, error) {
	if _, err := netip.ParseAddrPort(address); err == nil {
		return address, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", errors.New("its name has no address")
	}
	return net.JoinHostPort(found[0].Unmap().String(), port), nil
}

// ours gives a packet of ours to who hears them.
func (w *wires) ours(payload []byte) bool {
	if len(payload) < 2 || payload[0] != told {
		return false
	}
	w.o.Told(Kind(payload[1]), payload[2:])
	return true
}

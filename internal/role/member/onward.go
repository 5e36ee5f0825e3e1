package member

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"openmosix/internal/model/seal"
)

// What is in a sealed packet: one byte, and then
//
//	forYou     what memberlist says
//	passItOn   relays left 1 │ port 2 │ length 1 │ address │ a sealed packet for the node there
//
// The inner packet is sealed by its sender, so a relay can neither change it
// nor send it twice.
const (
	forYou   = 0
	passItOn = 1

	onwardHeader = 5
	// packetOverhead is how much longer a packet over a relay is than what
	// memberlist says: it must still fit.
	packetOverhead = 2*seal.Overhead + 1 + onwardHeader + 16
)

var (
	errEmpty     = errors.New("there is nothing in it")
	errNotOnward = errors.New("neither for this node nor to be passed on")
)

// onward is a packet that a relay is asked to pass on.
type onward struct {
	to     netip.AddrPort
	left   int // how many more relays there may be
	packet []byte
}

func (o onward) encode() []byte {
	address := o.to.Addr().Unmap().WithZone("").AsSlice()
	b := make([]byte, 0, onwardHeader+len(address)+len(o.packet))
	b = append(b, passItOn, byte(o.left))
	b = binary.BigEndian.AppendUint16(b, o.to.Port())
	b = append(b, byte(len(address)))
	return append(append(b, address...), o.packet...)
}

func decodeOnward(b []byte) (onward, error) {
	if len(b) < onwardHeader || b[0] != passItOn || len(b) < onwardHeader+int(b[4]) {
		return onward{}, errNotOnward
	}
	end := onwardHeader + int(b[4])
	address, ok := netip.AddrFromSlice(b[onwardHeader:end])
	port := binary.BigEndian.Uint16(b[2:])
	if !ok || port == 0 || address.IsUnspecified() || address.IsMulticast() || len(b)-end < seal.Overhead {
		return onward{}, errNotOnward
	}
	return onward{to: netip.AddrPortFrom(address.Unmap(), port), left: int(b[1]), packet: b[end:]}, nil
}

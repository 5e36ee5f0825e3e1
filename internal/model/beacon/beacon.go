// Package beacon is what a node tells the network segment of itself, so that
// the nodes find each other: its number, its name, and where its daemon
// listens. Beacons are sent sealed (package seal); this is what is inside.
//
//	version 1 │ number 2 │ port 2 │ count 1 │ count × (length 1 │ address) │ name length 1 │ name
//
// Version 1 ends there; longer content is of a later version and its end is
// ignored, so old nodes understand new ones.
package beacon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	version = 1
	// MaxAddresses and MaxName bound what one beacon tells.
	MaxAddresses = 8
	MaxName      = 64
)

// Beacon is one node's word about itself.
type Beacon struct {
	Number    int
	Port      uint16
	Addresses []netip.Addr // where else than at the sender's address; may be empty
	Name      string
}

// Encode gives the bytes; what exceeds the bounds is left out.
func (b Beacon) Encode() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	out := []byte{version}
	out = binary.BigEndian.AppendUint16(out, uint16(b.Number))
	out = binary.BigEndian.AppendUint16(out, b.Port)
	addresses := b.Addresses[:min(len(b.Addresses), MaxAddresses)]
	out = append(out, byte(len(addresses)))
	for _, a := range addresses {
		raw := a.Unmap().WithZone("").AsSlice()
		out = append(append(out, byte(len(raw))), raw...)
	}
	name := b.Name
	for len(name) > MaxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return append(append(out, byte(len(name))), name...), nil
}

func (b Beacon) check() error {
	switch {
	case b.Number < 1 || b.Number > 65535:
		return fmt.Errorf("beacon of node %d: numbers are 1…65535", b.Number)
	case b.Port == 0:
		return errors.New("beacon without a port")
	case !CleanName(b.Name):
		return fmt.Errorf("beacon of node %d: its name has characters that cannot be printed", b.Number)
	}
	return nil
}

// CleanName tells whether a name can be shown to people as it is.
func CleanName(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// errCut is told for content that ends too early.
var errCut = errors.New("beacon is cut")

// Decode reads what Encode wrote.
func Decode(data []byte) (Beacon, error) {
	if len(data) < 6 {
		return Beacon{}, errCut
	}
	if data[0] < version {
		return Beacon{}, fmt.Errorf("beacon of unknown version %d", data[0])
	}
	b := Beacon{Number: int(binary.BigEndian.Uint16(data[1:])), Port: binary.BigEndian.Uint16(data[3:])}
	count, rest := int(data[5]), data[6:]
	if count > MaxAddresses {
		return Beacon{}, fmt.Errorf("beacon with %d addresses", count)
	}
	for range count {
		raw, after, err := counted(rest)
		if err != nil {
			return Beacon{}, err
		}
		a, ok := netip.AddrFromSlice(raw)
		if !ok || a.IsUnspecified() || a.IsMulticast() {
			return Beacon{}, errors.New("beacon with an address that is none")
		}
		b.Addresses, rest = append(b.Addresses, a.Unmap()), after
	}
	name, _, err := counted(rest)
	if err != nil {
		return Beacon{}, err
	}
	if len(name) > MaxName {
		return Beacon{}, errors.New("beacon with too long a name")
	}
	b.Name = string(name)
	return b, b.check()
}

func counted(data []byte) (value, rest []byte, err error) {
	if len(data) < 1 || len(data) < 1+int(data[0]) {
		return nil, nil, errCut
	}
	n := 1 + int(data[0])
	return data[1:n], data[n:], nil
}

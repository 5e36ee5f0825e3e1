package member

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/hashicorp/memberlist"

	"openmosix/internal/model/beacon"
	"openmosix/internal/model/seal"
	"openmosix/internal/model/topology"
)

// What a node tells of itself through memberlist, which knows its address:
//
//	run 8 │ count 1 │ count × (bits 1 │ length 1 │ address) networks of a relay │ beacon
//
// The addresses in the beacon are those in other networks.

// run tells two lives of one node apart: when it began, by its clock.
type run uint64

// salt makes one for the packets of a run, which shows whose they are: a member's run is told by streams as well.
func (r run) salt() (seal.Salt, error) {
	var s seal.Salt
	binary.BigEndian.PutUint64(s[:], uint64(r))
	_, err := rand.Read(s[runSize:])
	return s, err
}

// runOf is the run whose salt that is.
func runOf(s seal.Salt) run { return run(binary.BigEndian.Uint64(s[:])) }

// runs tells whether packets are of a member's present run, of which streams have told: however far ahead its clock is, or
// this one behind, they are not of another time.
func (g *Group) runs(s seal.Salt, ahead time.Duration) bool {
	r := runOf(s)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range g.others {
		if o.run == r && o.up && !o.left {
			if !o.odd {
				o.odd = true
				g.o.Log.Warn("the clocks of this node and another differ: set the one that is wrong; nothing moves between them meanwhile",
					"node", o.Number, "name", o.Name, "ahead", ahead.Round(time.Second))
			}
			return true
		}
	}
	return false
}

const (
	runSize = 8
	// maxNetworks bounds the networks of a relay.
	maxNetworks = 8
)

// tell encodes it. It fits what memberlist carries.
func tell(m Member, r run) ([]byte, error) {
	out := binary.BigEndian.AppendUint64(nil, uint64(r))
	networks := m.Networks[:min(len(m.Networks), maxNetworks)]
	out = append(out, byte(len(networks)))
	for _, p := range networks {
		raw := p.Addr().Unmap().AsSlice()
		out = append(append(out, byte(p.Bits()), byte(len(raw))), raw...)
	}
	b, err := beacon.Beacon{Number: m.Number, Port: m.Address.Port(), Name: m.Name, Addresses: m.Others}.Encode()
	if err != nil {
		return nil, err
	}
	if out = append(out, b...); len(out) > memberlist.MetaMaxSize {
		return nil, fmt.Errorf("node %d has more to tell of itself than fits: %d bytes", m.Number, len(out))
	}
	return out, nil
}

var errTold = errors.New("what a member tells of itself is not understood")

// memberOf reads what a node told of itself.
func memberOf(n *memberlist.Node) (Member, run, error) {
	if len(n.Meta) < runSize+1 {
		return Member{}, 0, errTold
	}
	r, count, rest := run(binary.BigEndian.Uint64(n.Meta)), int(n.Meta[runSize]), n.Meta[runSize+1:]
	if count > maxNetworks {
		return Member{}, 0, errTold
	}
	var m Member
	for range count {
		if len(rest) < 2 || len(rest) < 2+int(rest[1]) {
			return Member{}, 0, errTold
		}
		address, _ := netip.AddrFromSlice(rest[2 : 2+int(rest[1])])
		network, err := address.Prefix(int(rest[0]))
		if err != nil || !network.IsValid() {
			return Member{}, 0, errTold
		}
		m.Networks, rest = append(m.Networks, network), rest[2+int(rest[1]):]
	}
	b, err := beacon.Decode(rest)
	if err != nil {
		return Member{}, 0, fmt.Errorf("read what a member tells of itself: %w", err)
	}
	address, ok := netip.AddrFromSlice(n.Addr)
	if !ok || n.Port == 0 {
		return Member{}, 0, errors.New("member without an address")
	}
	m.Name = b.Name
	m.Node = topology.Node{Number: b.Number, Address: netip.AddrPortFrom(address.Unmap(), n.Port), Others: b.Addresses, Networks: m.Networks}
	return m, r, nil
}

package membership

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"openmosix/internal/model/roster"
	"openmosix/internal/node/config"
	"openmosix/internal/role/member"
)

// errNotYet is told while there is nothing to send packets with.
var errNotYet = errors.New("this node does not listen")

// Tell sends a packet to a node of the table. It may be lost.
func (t *Table) Tell(to config.Peer, kind member.Kind, payload []byte) error {
	if group := t.members(); group != nil {
		return group.Tell(to.Address, kind, payload)
	}
	return errNotYet
}

// Some chooses k of the other nodes at random, all if there are not so many. Those
// that are down are left out; of those only configured it is not known.
func (t *Table) Some(k int) []config.Peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told == nil {
		t.told = []config.Peer{}
		for _, n := range t.roster.List() {
			if n.Number != t.settings.Number && n.State != roster.Down && n.Address != "" {
				t.told = append(t.told, config.Peer{Number: n.Number, Name: n.Name, Address: n.Address})
			}
		}
	}
	// The first k places of the list get a random choice of all of it; its order
	// means nothing.
	k = min(k, len(t.told))
	for i := range k {
		j := i + rand.IntN(len(t.told)-i)
		t.told[i], t.told[j] = t.told[j], t.told[i]
	}
	return append([]config.Peer(nil), t.told[:k]...)
}

// runFixed keeps no membership: the configuration says who is there.
func (t *Table) runFixed(ctx context.Context, listening netip.AddrPort) error {
	group, err := member.NewFixed(member.Options{
		Listen: listening.String(), Secrets: t.o.Gossip, Way: t.Way, PassOn: t.PassOn, Allowed: t.Allowed, Refused: t.o.Refused,
		Told: t.o.Told, Now: time.Now, Log: t.o.Log,
	})
	if err != nil {
		return err
	}
	defer t.serve(group)()
	<-ctx.Done()
	return nil
}

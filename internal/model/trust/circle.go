package trust

import (
	"io"
	"time"

	"openmosix/internal/model/seal"
)

// Circle is a ring with everything derived that a node daemon needs of it: it
// issues this node's proofs and knows what to believe others by. It holds the
// secrets of the cluster and stays in the daemon.
type Circle struct {
	ring        Ring
	authorities map[Key]*Authority
}

// NewCircle derives the CA of every key.
func NewCircle(r Ring) (*Circle, error) {
	c := &Circle{ring: r, authorities: make(map[Key]*Authority, len(r))}
	for _, h := range r {
		a, err := h.Key.Authority()
		if err != nil {
			return nil, err
		}
		c.authorities[h.Key] = a
	}
	return c, nil
}

// Issue makes an identity by the key in use; it believes every accepted key.
func (c *Circle) Issue(who Name, now time.Time, random io.Reader) (Leaf, error) {
	key, err := c.ring.Signing(now)
	if err != nil {
		return Leaf{}, err
	}
	leaf, err := c.authorities[key].Issue(who, random)
	if err != nil {
		return Leaf{}, err
	}
	leaf.Authority = nil
	for _, k := range c.ring.Accepted(now) {
		leaf.Authority = append(leaf.Authority, c.authorities[k].cert.Raw...)
	}
	return leaf, nil
}

// Gossip is the secrets of membership packets: the first seals, all open.
func (c *Circle) Gossip(now time.Time) []seal.Secret { return c.secrets(now, Key.Gossip) }

// Beacon is the secrets of beacons: the first seals, all open.
func (c *Circle) Beacon(now time.Time) []seal.Secret { return c.secrets(now, Key.Beacon) }

func (c *Circle) secrets(now time.Time, derive func(Key) [32]byte) []seal.Secret {
	signing, err := c.ring.Signing(now)
	if err != nil {
		return nil
	}
	secret := func(k Key) seal.Secret { return seal.Secret{ID: k.publicName(), Key: derive(k)} }
	out := []seal.Secret{secret(signing)}
	for _, k := range c.ring.Accepted(now) {
		if k != signing {
			out = append(out, secret(k))
		}
	}
	return out
}

// ID is the public name of the key in use.
func (c *Circle) ID(now time.Time) string {
	key, err := c.ring.Signing(now)
	if err != nil {
		return "(no valid key)"
	}
	return key.ID()
}

// Keys names what the circle issues and believes: it is another word when that is other keys.
func (c *Circle) Keys(now time.Time) string {
	all := c.ID(now)
	for _, k := range c.ring.Accepted(now) {
		all += " " + k.ID()
	}
	return all
}

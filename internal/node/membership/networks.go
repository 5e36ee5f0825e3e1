package membership

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"openmosix/internal/node/config"
	"openmosix/internal/role/member"
)

// networksLive is how long the answer about interfaces is kept: a machine may
// get an address at any time, and a stranger may ask a thousand times a second.
const networksLive = 5 * time.Second

// networks is the allow-list as it was last looked up.
type networks struct {
	prefixes []netip.Prefix
	at       time.Time
}

// hasMoved waits until this node has lost the address that it is known by, and has another: true.
// For as long as it has none it stays what it was: a lease is renewed, a cable is plugged in again.
func (t *Table) hasMoved(ctx context.Context, self member.Member) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(networksLive):
		}
		t.mu.Lock()
		c := t.settings
		t.mu.Unlock()
		own, err := c.Addresses()
		if err == nil && !slices.Contains(own, self.Address.Addr()) {
			t.o.Log.Warn("this node has lost its address, and is known by another from now on", "lost", self.Address.Addr(), "address", own[0])
			return true
		}
	}
}

// Allowed tells whether a source may talk to this node at all.
func (t *Table) Allowed(source netip.Addr) bool { return t.allowed().contain(source) }

// allowed looks the list up again when it is old.
func (t *Table) allowed() networks {
	t.mu.Lock()
	c, known := t.settings, t.networks
	t.mu.Unlock()
	if time.Since(known.at) <= networksLive {
		return known
	}
	hosts := hostsOf(c)
	t.mu.Lock()
	named := t.addressesOf(hosts)
	t.mu.Unlock()
	known = networks{prefixes: prefixesOf(c, named), at: time.Now()}
	t.mu.Lock()
	t.networks = known
	t.mu.Unlock()
	return known
}

func (n networks) contain(source netip.Addr) bool {
	if source.IsLoopback() {
		return true // this machine itself; no other can send from there
	}
	plain := source.Unmap().WithZone("")
	return slices.ContainsFunc(n.prefixes, func(p netip.Prefix) bool { return p.Contains(plain) })
}

// prefixesOf is the configured list or, if it is empty, the networks of the
// interfaces and whoever is named in the configuration.
func prefixesOf(c config.Config, named []netip.Addr) []netip.Prefix {
	if configured, err := c.AllowedNetworks(); err == nil && len(configured) > 0 {
		return configured
	}
	var out []netip.Prefix
	for _, i := range chosen(c.Discovery.Interfaces) {
		addrs, err := i.Addrs()
		if err != nil {
			continue // it has just gone
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				out = append(out, p.Masked())
			}
		}
	}
	for _, a := range named {
		out = append(out, netip.PrefixFrom(a, a.BitLen()))
	}
	return out
}

// chosen are the interfaces with these names, or all that are up, without loopback.
func chosen(names []string) []net.Interface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(i net.Interface) bool {
		if len(names) > 0 {
			return !slices.Contains(names, i.Name)
		}
		return i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0
	})
}

// multicasting are those of the chosen interfaces on which beacons make sense.
func multicasting(names []string) []net.Interface {
	return slices.DeleteFunc(chosen(names), func(i net.Interface) bool {
		return i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0
	})
}

package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"openmosix/internal/model/nodemap"
)

// ownNetworks are this machine's addresses with their networks: the one
// listened on alone, if it is one, else those of the interfaces chosen, or of
// all.
func ownNetworks(listen string, interfaces []string) ([]netip.Prefix, error) {
	if own, err := netip.ParseAddrPort(listen); err == nil && !own.Addr().IsUnspecified() {
		a := own.Addr().Unmap()
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var out []netip.Prefix
	for _, i := range all {
		if len(interfaces) > 0 && !slices.Contains(interfaces, i.Name) {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it has just gone
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap().IsGlobalUnicast() {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func addressesOf(networks []netip.Prefix) []netip.Addr {
	out := make([]netip.Addr, len(networks))
	for i, p := range networks {
		out[i] = p.Addr().Unmap()
	}
	return out
}

// Addresses are those the others are told: first the one this node is known
// by, then those in its other networks. A configured one is all there is,
// unless this node is a relay.
func (c Config) Addresses() ([]netip.Addr, error) {
	networks, err := ownNetworks(c.Listen, c.Discovery.Interfaces)
	if err != nil {
		return nil, err
	}
	own := addressesOf(networks)
	first, err := c.firstOf(own)
	if err != nil {
		return nil, err
	}
	if c.Advertise != "" && !c.Topology.Relay {
		return []netip.Addr{first}, nil
	}
	out := []netip.Addr{first}
	for _, a := range own {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (c Config) firstOf(own []netip.Addr) (netip.Addr, error) {
	if c.Advertise != "" {
		return netip.ParseAddr(c.Advertise)
	}
	// The number's address, then IPv4, then what there is.
	for _, wanted := range []func(netip.Addr) bool{
		func(a netip.Addr) bool { n, ok := nodemap.NumberOf(a); return ok && n == c.Number },
		netip.Addr.Is4,
		netip.Addr.IsValid,
	} {
		if i := slices.IndexFunc(own, wanted); i >= 0 {
			return own[i], nil
		}
	}
	return netip.Addr{}, errors.New("this node has no address that others could connect to: is its network up? (settings advertise, listen, discovery.interfaces)")
}

// Passes are the networks a relay passes on between; none: it is no relay.
func (c Config) Passes() ([]netip.Prefix, error) {
	if !c.Topology.Relay {
		return nil, nil
	}
	networks, err := ownNetworks(c.Listen, c.Discovery.Interfaces)
	var out []netip.Prefix
	for _, p := range networks {
		if p = p.Masked(); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, err
}

package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"openmosix/internal/model/nodemap"
)

// Complete fills in what depends on the machine: name, the nodes of the map,
// the number. Of these the configuration file says it if it says anything,
// then the map, then the address.
func (c Config) Complete() (Config, error) {
	if c.Name == "" {
		name, err := os.Hostname()
		if err != nil {
			return Config{}, fmt.Errorf("find host name: %w", err)
		}
		c.Name = name
	}
	nodes, err := c.readMap()
	if err != nil {
		return Config{}, err
	}
	own, err := ownAddresses(c.Listen, c.Discovery.Interfaces)
	if err != nil {
		return Config{}, err
	}
	if c.Number == 0 {
		if c.Number, err = numberFrom(nodes, own); err != nil {
			return Config{}, err
		}
	}
	return c.withNodes(nodes), nil
}

// numberFrom is the number of this node by the map or its addresses.
func numberFrom(nodes []nodemap.Node, own []netip.Addr) (int, error) {
	texts := make([]string, len(own))
	for i, a := range own {
		texts[i] = a.String()
	}
	if n, ok := nodemap.Find(nodes, texts); ok {
		return n, nil
	}
	if len(nodes) > 0 && len(own) > 0 {
		return 0, fmt.Errorf("the map is well-formatted, but this node's address (%s) is not in it; add it, or set number", texts[0])
	}
	for _, a := range own {
		if n, ok := nodemap.NumberOf(a); ok {
			return n, nil
		}
	}
	return 0, errors.New("number is not configured and cannot be derived: this machine has no IPv4 address to take it from; set number in the configuration")
}

// ownAddresses are this machine's: the one listened on alone, if it is one,
// else those of the interfaces chosen, or of all.
func ownAddresses(listen string, interfaces []string) ([]netip.Addr, error) {
	if own, err := netip.ParseAddrPort(listen); err == nil && !own.Addr().IsUnspecified() {
		return []netip.Addr{own.Addr().Unmap()}, nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var out []netip.Addr
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
				out = append(out, p.Addr().Unmap())
			}
		}
	}
	return out, nil
}

// Address is what the others are told to connect to.
func (c Config) Address() (netip.Addr, error) {
	if c.Advertise != "" {
		return netip.ParseAddr(c.Advertise)
	}
	own, err := ownAddresses(c.Listen, c.Discovery.Interfaces)
	if err != nil {
		return netip.Addr{}, err
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

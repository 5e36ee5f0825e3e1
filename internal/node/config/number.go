package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

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
	networks, err := ownNetworks(c.Listen, c.Discovery.Interfaces)
	if err != nil {
		return Config{}, err
	}
	if c.Number == 0 {
		if c.Number, err = numberFrom(nodes, addressesOf(networks), c.Discovery.Interfaces); err != nil {
			return Config{}, err
		}
	}
	return c.withNodes(nodes, networks), nil
}

// numberFrom is the number of this node by the map or its addresses.
func numberFrom(nodes []nodemap.Node, own []netip.Addr, interfaces []string) (int, error) {
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
	if len(interfaces) > 0 {
		return 0, fmt.Errorf("number is not configured and cannot be derived: no interface of discovery.interfaces (%s) is here with an IPv4 address; correct them, or set number in the configuration",
			strings.Join(interfaces, ", "))
	}
	return 0, errors.New("number is not configured and cannot be derived: this machine has no IPv4 address to take it from; set number in the configuration")
}

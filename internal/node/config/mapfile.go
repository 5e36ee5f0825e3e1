package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"openmosix/internal/model/nodemap"
)

// readMap reads the map that is configured or, if none is, the first of the
// usual places. No map there is no nodes.
func (c Config) readMap() ([]nodemap.Node, error) {
	places := nodemap.Files[:]
	if c.Discovery.Map != "" {
		places = []string{c.Discovery.Map}
	}
	for _, path := range places {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && c.Discovery.Map == "" {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read map: %w", err)
		}
		m, err := nodemap.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return m.Nodes(), nil
	}
	return nil, nil
}

// withNodes adds the nodes of a map to the peers, this one left out. What the
// configuration file says of a number stands. Of several addresses of a node the
// one counts that is in a network of this one, else the first.
func (c Config) withNodes(nodes []nodemap.Node, networks []netip.Prefix) Config {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil || port == "0" {
		port = strconv.Itoa(DefaultPort)
	}
	c.Peers = slices.Clone(c.Peers)
	for _, n := range nodes {
		if n.Number == c.Number || slices.ContainsFunc(c.Peers, func(p Peer) bool { return p.Number == n.Number }) {
			continue
		}
		near := max(0, slices.IndexFunc(n.Hosts, func(host string) bool {
			a, err := netip.ParseAddr(host)
			return err == nil && slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
		}))
		c.Peers = append(c.Peers, Peer{Number: n.Number, Address: net.JoinHostPort(n.Hosts[near], port)})
	}
	return c
}

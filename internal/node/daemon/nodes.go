package daemon

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"openmosix/internal/node/config"
)

// Nodes is the table of nodes: who they are and where their daemons listen.
type Nodes interface {
	Lookup(number int) (config.Peer, bool)
	List() []config.Peer // ascending
}

// staticNodes is the table of the configuration file.
type staticNodes []config.Peer

func (s staticNodes) Lookup(number int) (config.Peer, bool) {
	i := slices.IndexFunc(s, func(p config.Peer) bool { return p.Number == number })
	if i < 0 {
		return config.Peer{}, false
	}
	return s[i], true
}

func (s staticNodes) List() []config.Peer {
	return slices.SortedFunc(slices.Values(s), func(a, b config.Peer) int { return cmp.Compare(a.Number, b.Number) })
}

// named finds a node by its name: in the table, or among what the nodes call
// themselves. Case does not matter, as in host names.
func (d *Daemon) named(ctx context.Context, name string) (number int, known bool) {
	if strings.EqualFold(name, d.config.Name) {
		return d.config.Number, true
	}
	for _, p := range d.nodes.List() {
		if strings.EqualFold(name, p.Name) {
			return p.Number, true
		}
	}
	for _, n := range d.survey(ctx) {
		if strings.EqualFold(name, n.Name) {
			return n.Number, true
		}
	}
	return 0, false
}

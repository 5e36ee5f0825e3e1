package daemon

import (
	"context"
	"strings"

	"openmosix/internal/node/config"
)

// Nodes is the table of nodes: who they are and where their daemons listen.
type Nodes interface {
	Lookup(number int) (config.Peer, bool)
	List() []config.Peer // ascending
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
	for _, n := range d.nodesNow(ctx, false) {
		if strings.EqualFold(name, n.Name) {
			return n.Number, true
		}
	}
	return 0, false
}

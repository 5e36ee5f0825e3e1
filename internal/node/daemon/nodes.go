package daemon

import (
	"cmp"
	"slices"

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

package control

import (
	"net"

	"openmosix/internal/model/nodemap"
)

// MapOf gives nodes as a map of the original has them, and the number of this
// one. A node whose address is not known (the own one, without discovery) is
// left out.
func MapOf(nodes []Node) (m []nodemap.Node, self int) {
	for _, n := range nodes {
		if n.Self {
			self = n.Number
		}
		host, _, err := net.SplitHostPort(n.Address)
		if err != nil || host == "" || host == "::" || host == "0.0.0.0" {
			continue
		}
		m = append(m, nodemap.Node{Number: n.Number, Hosts: []string{host}})
	}
	return m, self
}

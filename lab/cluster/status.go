package cluster

// Health is how a lab is now.
type Health struct {
	State
	HubAlive bool         `json:"hub_alive"`
	Live     []NodeHealth `json:"live"`
}

// NodeHealth is how one node is now.
type NodeHealth struct {
	Number int    `json:"number"`
	Alive  bool   `json:"alive"`
	Daemon string `json:"daemon"` // in words
}

// Health asks the hub's and the nodes' processes.
func (l *Lab) Health() Health {
	h := Health{State: l.State}
	if m, ok := identify(l.State.HubPID); ok {
		h.HubAlive = m.dir == l.dir()
	}
	for _, n := range l.State.Nodes {
		daemon, err := l.daemonStatus(n.Number)
		h.Live = append(h.Live, NodeHealth{Number: n.Number, Alive: err == nil, Daemon: daemon})
	}
	return h
}

package event

import (
	"fmt"
	"strings"
)

// Daemon is the telling node's own.
type Daemon struct {
	Is      Kind   `json:"-"`
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Cluster string `json:"cluster,omitempty"` // public name of the key
}

// Kind implements What.
func (d *Daemon) Kind() Kind { return d.Is }

func (d *Daemon) line() string {
	if d.Is == DaemonDown {
		return "the daemon ends"
	}
	return fmt.Sprintf("the daemon (%s) is up at %s, in cluster %s", d.Name, d.Address, d.Cluster)
}

// Node is another node.
type Node struct {
	Is      Kind   `json:"-"`
	Number  int    `json:"number"`
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	First   string `json:"first,omitempty"`  // NumberTaken: the address of the one that has it
	Reason  string `json:"reason,omitempty"` // NodeGone: what may be the matter
}

// Kind implements What.
func (n *Node) Kind() Kind { return n.Is }

func (n *Node) line() string {
	who := fmt.Sprintf("node %d", n.Number)
	if n.Name != "" {
		who += " (" + n.Name + ")"
	}
	switch n.Is {
	case NodeLeft:
		return who + " has left"
	case NodeGone:
		if n.Reason != "" {
			return who + " is gone: " + n.Reason
		}
		return who + " is gone: it does not answer"
	case NumberTaken:
		return fmt.Sprintf("node number %d is taken twice, by %s and by %s: change one of them", n.Number, n.First, n.Address)
	}
	return who + " is there, at " + n.Address
}

// Settings is a change by an administrator.
type Settings struct {
	Word   string `json:"word"`
	Values []int  `json:"values,omitempty"`
}

// Kind implements What.
func (s *Settings) Kind() Kind { return SettingsChanged }

func (s *Settings) line() string {
	return strings.TrimSpace(fmt.Sprintf("settings changed: %s %s", s.Word, strings.Trim(fmt.Sprint(s.Values), "[]")))
}

// Reload is a reading of configuration and keys.
type Reload struct {
	Is      Kind     `json:"-"`
	Applied []string `json:"applied,omitempty"`
	Restart []string `json:"restart,omitempty"` // they wait for a restart
	Reason  string   `json:"reason,omitempty"`
}

// Kind implements What.
func (r *Reload) Kind() Kind { return r.Is }

func (r *Reload) line() string {
	if r.Is == ReloadFailed {
		return "the configuration is not reloaded: " + r.Reason
	}
	changed := "nothing has changed"
	if len(r.Applied) > 0 {
		changed = "changed: " + strings.Join(r.Applied, ", ")
	}
	if len(r.Restart) > 0 {
		changed += "; waits for a restart: " + strings.Join(r.Restart, ", ")
	}
	return "the configuration is reloaded; " + changed
}

// Key is a change of the cluster's keys.
type Key struct {
	Cluster string `json:"cluster"` // public name of the one in use
	Keys    int    `json:"keys"`    // how many are in the file
}

// Kind implements What.
func (k *Key) Kind() Kind { return KeyChanged }

func (k *Key) line() string {
	return fmt.Sprintf("the cluster key has changed: %d in the file, %s is used", k.Keys, k.Cluster)
}

// Sweep is the end of expel or bring.
type Sweep struct {
	Is     Kind `json:"-"`
	Moved  int  `json:"moved"`
	Stayed int  `json:"stayed"`
}

// Kind implements What.
func (s *Sweep) Kind() Kind { return s.Is }

func (s *Sweep) line() string {
	what := "guests were expelled"
	if s.Is == Brought {
		what = "processes were brought home"
	}
	return fmt.Sprintf("%d %s, %d could not be moved", s.Moved, what, s.Stayed)
}

// Stranger is somebody who does not belong to the cluster.
type Stranger struct {
	Address string `json:"address"`
	By      string `json:"by"` // connection or packet
	Reason  string `json:"reason"`
}

// Kind implements What.
func (s *Stranger) Kind() Kind { return StrangerRefused }

func (s *Stranger) line() string {
	return fmt.Sprintf("a %s from %s was refused: %s", s.By, s.Address, s.Reason)
}

// Gap is a place in a stream where events are missing.
type Gap struct {
	Count uint64 `json:"count"`
}

// Kind implements What.
func (g *Gap) Kind() Kind { return Missed }

func (g *Gap) line() string { return fmt.Sprintf("%d events are missing here", g.Count) }

// Silence is a followed node's, or its end.
type Silence struct {
	Is        Kind   `json:"-"`
	Of        int    `json:"of"`
	Restarted bool   `json:"restarted,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// Kind implements What.
func (s *Silence) Kind() Kind { return s.Is }

func (s *Silence) line() string {
	switch {
	case s.Is == Silent:
		return fmt.Sprintf("the events of node %d are not heard: %s", s.Of, s.Reason)
	case s.Restarted:
		return fmt.Sprintf("the events of node %d are heard again; its daemon was restarted", s.Of)
	}
	return fmt.Sprintf("the events of node %d are heard again", s.Of)
}

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// State is what is written down about a lab. It is written before each thing
// is made, so it may name things that do not exist yet, never fewer than do.
type State struct {
	Name   string      `json:"name"`
	Ready  bool        `json:"ready"`
	HubPID int         `json:"hub_pid"`
	Daemon bool        `json:"daemon"`
	Nodes  []NodeState `json:"nodes"`
}

// NodeState is one node of a State.
type NodeState struct {
	Number   int    `json:"number"`
	Host     string `json:"host"`
	Address  string `json:"address"`        // in the first of its networks
	Networks string `json:"networks"`       // a letter each
	CPU      int    `json:"cpu"`            // NotPinned: all
	Rate     int    `json:"rate,omitempty"` // of its links, Mbit/s; Unlimited: as fast as it goes
	PID      int    `json:"pid"`            // of its init, as the machine sees it
	CPUSet   string `json:"cpu_set,omitempty"`
	PIDSpace string `json:"pid_space"` // as /proc/PID/ns/pid names it
}

// place is where a lab keeps its files.
type place struct {
	base, name string
}

func (p place) dir() string   { return filepath.Join(p.base, p.name) }
func (p place) state() string { return filepath.Join(p.dir(), "state.json") }
func (p place) socket(node int) string {
	return filepath.Join(p.dir(), fmt.Sprintf("node%d.sock", node))
}
func (p place) log(who string) string { return filepath.Join(p.dir(), who+".log") }

func (p place) save(s *State) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode lab state: %w", err)
	}
	// A reader sees the old or the new state, never half of one.
	next := p.state() + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("save lab state: %w", err)
	}
	if err := os.Rename(next, p.state()); err != nil {
		return fmt.Errorf("save lab state: %w", err)
	}
	return nil
}

func (p place) load() (*State, error) {
	data, err := os.ReadFile(p.state())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lab %q: %w", p.name, ErrNotUp)
	}
	if err != nil {
		return nil, fmt.Errorf("read lab state: %w", err)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read lab state %s: %w", p.state(), err)
	}
	return &s, nil
}

// erase removes the files a lab makes and then its directory. Anything else
// somebody put there stays, and with it the directory: name and base come from
// a command line, so nothing is ever removed as a tree.
func (p place) erase() error {
	for _, pattern := range []string{"state.json", "state.json.new", "*.sock", "*.log"} {
		found, err := filepath.Glob(filepath.Join(p.dir(), pattern))
		if err != nil {
			return fmt.Errorf("list lab directory: %w", err)
		}
		for _, f := range found {
			if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove lab file: %w", err)
			}
		}
	}
	if err := os.Remove(p.dir()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove lab directory: %w", err)
	}
	// The base is shared by all labs and goes with the last one.
	_ = os.Remove(p.base)
	return nil
}

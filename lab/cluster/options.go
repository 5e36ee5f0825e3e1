package cluster

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

const (
	// DefaultBase is the directory that holds the labs of the machine.
	DefaultBase = "/run/openmosix-lab"
	// DefaultName is the name of a lab that was given none.
	DefaultName = "lab"
	// MaxNodes keeps node numbers in the last byte of 10.77.0.N.
	MaxNodes = 64
	// NotPinned is the CPU of a node that may use all of them.
	NotPinned = -1
	// AllMemory is the memory of a node that may have what the machine has.
	AllMemory = 0
	// LeastMemory is how many MiB a node needs for itself.
	LeastMemory = 64
	// Unlimited is the rate of links that are as fast as this machine copies.
	Unlimited = 0
)

// Options say what lab is wanted.
type Options struct {
	Base   string // directory of the labs; DefaultBase if empty
	Name   string // DefaultName if empty
	Nodes  int
	CPUs   []int    // CPU of each node or NotPinned; nil: nobody is pinned
	Memory []int    // of each node in MiB, or AllMemory; nil: all have what the machine has
	Binds  []Bind   // paths of the machine to show in every node
	Links  []string // other names under which the binary is found in a node's PATH
	Binary string   // answers "lab hub" and "lab init"; this executable if empty
	Daemon bool     // start the node daemons
	Find   bool     // the nodes find each other; otherwise each is told of all
	// Balance: all processes of the nodes move by themselves, root's too, of whom
	// everything is in a lab. Otherwise none do where each is told of all, so that
	// what is looked at stays; and where they find each other, those that do on
	// other machines.
	Balance bool
	// Networks are those of each node, a letter each: "a", "ab"; nil: all are
	// in one. A node in several is a relay.
	Networks []string
	Rate     []int // of each node's links, either way, in Mbit/s, or Unlimited; nil: all are unlimited
	Bound    bool  // the lab lives no longer than the process that called Up
	With     int   // ... no longer than this process; 0: as long as it is wanted
}

// Bind shows Source of the machine as Target in every node. It is how a
// directory below the machine's /tmp or /run becomes visible there.
type Bind struct {
	Source, Target string
}

// validName tells whether a lab may be called so. (A regular expression would be made
// at the start of every part of the program.)
func validName(name string) bool {
	odd := strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' })
	return name != "" && len(name) <= 32 && !odd && name[0] != '_' && name[0] != '-'
}

// complete fills in defaults and checks.
func (o *Options) complete() error {
	if o.Base == "" {
		o.Base = DefaultBase
	}
	if o.Name == "" {
		o.Name = DefaultName
	}
	base, err := filepath.Abs(o.Base)
	if err != nil {
		return fmt.Errorf("find lab directory: %w", err)
	}
	o.Base = base
	if err := checkName(o.Name); err != nil {
		return err
	}
	if o.Nodes < 1 || o.Nodes > MaxNodes {
		return fmt.Errorf("%d nodes: a lab has 1 to %d", o.Nodes, MaxNodes)
	}
	if len(o.CPUs) != 0 && len(o.CPUs) != o.Nodes {
		return fmt.Errorf("%d CPUs for %d nodes: give one for each node", len(o.CPUs), o.Nodes)
	}
	if len(o.Memory) != 0 && len(o.Memory) != o.Nodes {
		return fmt.Errorf("memory of %d nodes for %d nodes: give that of each", len(o.Memory), o.Nodes)
	}
	for _, mib := range o.Memory {
		if mib != AllMemory && (mib < LeastMemory || mib > maxMemory) {
			return fmt.Errorf("%d MiB of memory: a node has %d to %d", mib, LeastMemory, maxMemory)
		}
	}
	if len(o.Rate) != 0 && len(o.Rate) != o.Nodes {
		return fmt.Errorf("rates of %d nodes for %d nodes: give that of each", len(o.Rate), o.Nodes)
	}
	for _, mbit := range o.Rate {
		if mbit != Unlimited && (mbit < 1 || mbit > maxRate) {
			return fmt.Errorf("a rate of %d Mbit/s: a node has 1 to %d", mbit, maxRate)
		}
	}
	if len(o.Networks) != 0 && len(o.Networks) != o.Nodes {
		return fmt.Errorf("networks of %d nodes for %d nodes: give those of each", len(o.Networks), o.Nodes)
	}
	if len(o.Networks) != 0 && o.Daemon && !o.Find {
		return errors.New("nodes in several networks have to find each other")
	}
	for _, n := range o.Networks {
		if !validNetworks(n) || strings.ContainsRune(n[1:], rune(n[0])) {
			return fmt.Errorf("networks %q: use letters from a to %c, each once", n, 'a'+maxNetworks-1)
		}
	}
	for _, b := range o.Binds {
		if !filepath.IsAbs(b.Source) || !filepath.IsAbs(b.Target) {
			return fmt.Errorf("bind %s:%s: both paths must be absolute", b.Source, b.Target)
		}
	}
	for _, l := range o.Links {
		if filepath.Base(l) != l {
			return fmt.Errorf("link %q: a plain name is needed", l)
		}
	}
	return nil
}

// networks are those of a node.
func (o *Options) networks(node int) string {
	if len(o.Networks) == 0 {
		return "a"
	}
	return o.Networks[node-1]
}

func (o *Options) cpu(node int) int {
	if len(o.CPUs) == 0 {
		return NotPinned
	}
	return o.CPUs[node-1]
}

// memory is that of a node in MiB.
func (o *Options) memory(node int) int {
	if len(o.Memory) == 0 {
		return AllMemory
	}
	return o.Memory[node-1]
}

// rate is that of a node's links in Mbit/s.
func (o *Options) rate(node int) int {
	if len(o.Rate) == 0 {
		return Unlimited
	}
	return o.Rate[node-1]
}

// maxRate in Mbit/s is more than this machine copies.
const maxRate = 1_000_000

// maxMemory in MiB is more than any machine has.
const maxMemory = 1 << 30

func checkName(name string) error {
	if !validName(name) {
		return fmt.Errorf("lab name %q: use up to 32 small letters, digits, - and _", name)
	}
	return nil
}

// ErrNotUp is returned for a lab that does not exist.
var ErrNotUp = errors.New("this lab is not up (openmosix lab up makes it)")

// Address is the IPv4 address of a node in the first network. Its low 16 bits
// are the node number.
func Address(node int) string { return addressIn('a', node) }

// addressIn is its address in the network with this letter.
func addressIn(network rune, node int) string {
	return fmt.Sprintf("10.%d.0.%d", 77+network-'a', node)
}

const prefixLength = 16

// maxNetworks is how many networks a lab may have.
const maxNetworks = 4

func validNetworks(letters string) bool {
	return letters != "" && len(letters) <= 4 && strings.Trim(letters, "abcd") == ""
}

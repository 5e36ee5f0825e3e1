// Package nodemap reads the original openmosix.map and holds the rules of node
// numbers. A line is
//
//	NUMBER  ADDRESS-OR-NAME  RANGE
//
// RANGE nodes with ascending numbers at consecutive addresses; RANGE "ALIAS"
// or 0 gives another address of a node that is listed. # begins a comment.
//
// Pure: host names are left as they are, to be looked up by the caller.
package nodemap

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	// MaxNumber is the largest node number.
	MaxNumber = 1<<16 - 1
	// maxLines is the original's bound.
	maxLines = 256
	// maxNodes bounds what ranges may add up to.
	maxNodes = 4096
	// maxText is more than maxLines lines need.
	maxText = 64 << 10
)

// Files are where a map is looked for, the first that exists.
var Files = [...]string{"/etc/openmosix.map", "/etc/mosix.map", "/etc/hpc.map"}

// Line is one line of a map.
type Line struct {
	Number int
	Host   string // an address, or a name if Count is 1 or 0
	Count  int    // 0: another address of Number
}

// Node is one node of a map: its number and its addresses, the first its own.
type Node struct {
	Number int
	Hosts  []string
}

// Map is a map's lines in their order.
type Map []Line

// NumberOf is the number a node has by its address: the low 16 bits.
func NumberOf(a netip.Addr) (int, bool) {
	if a = a.Unmap(); !a.Is4() {
		return 0, false
	}
	b := a.As4()
	n := int(b[2])<<8 | int(b[3])
	return n, n != 0
}

// Parse reads and checks the text of a map.
func Parse(text []byte) (Map, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the map is longer than %d bytes", maxText)
	}
	var m Map
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		l, err := parseLine(words)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if m = append(m, l); len(m) > maxLines {
			return nil, fmt.Errorf("line %d: more than %d lines", i+1, maxLines)
		}
	}
	return m, m.check()
}

func parseLine(words []string) (Line, error) {
	if len(words) != 3 {
		return Line{}, fmt.Errorf("%q: expected NUMBER ADDRESS RANGE, as in \"1 10.0.0.1 5\"", strings.Join(words, " "))
	}
	number, err := strconv.Atoi(words[0])
	if err != nil || number < 1 || number > MaxNumber {
		return Line{}, fmt.Errorf("%q is no node number: 1…%d", words[0], MaxNumber)
	}
	l := Line{Number: number, Host: words[1]}
	if !strings.EqualFold(words[2], "ALIAS") {
		if l.Count, err = strconv.Atoi(words[2]); err != nil || l.Count < 0 || number+l.Count-1 > MaxNumber {
			return Line{}, fmt.Errorf("%q is no range: a count of nodes, or ALIAS", words[2])
		}
	}
	address, err := netip.ParseAddr(l.Host)
	switch {
	case err == nil && (address.IsLoopback() || address.IsUnspecified() || address.IsMulticast()):
		return Line{}, fmt.Errorf("%s is not the address of a node in the network", l.Host)
	case err != nil && !validName(l.Host):
		return Line{}, fmt.Errorf("%q is neither an address nor a host name", l.Host)
	case err != nil && l.Count > 1:
		return Line{}, fmt.Errorf("%s: a range needs an address, not a name", l.Host)
	}
	return l, nil
}

func validName(s string) bool {
	return len(s) <= 253 && s[0] != '-' && s[0] != '.' && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '-' || r == '.' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	})
}

func (m Map) check() error {
	nodes, err := m.expand()
	if err != nil {
		return err
	}
	seen := make(map[string]int)
	for _, n := range nodes {
		for _, h := range n.Hosts {
			if before, twice := seen[h]; twice {
				return fmt.Errorf("%s is given to node %d and to node %d", h, before, n.Number)
			}
			seen[h] = n.Number
		}
	}
	return nil
}

// Nodes is the map's nodes, ascending. Precondition: the map is one of Parse.
func (m Map) Nodes() []Node {
	nodes, _ := m.expand()
	return nodes
}

func (m Map) expand() ([]Node, error) {
	byNumber := make(map[int]*Node)
	for _, l := range m {
		address, _ := netip.ParseAddr(l.Host)
		for i := range l.Count {
			n := l.Number + i
			if byNumber[n] != nil {
				return nil, fmt.Errorf("node %d is listed twice (another address of a node is ALIAS)", n)
			}
			host := l.Host
			if address.IsValid() {
				host = address.String()
				address = address.Next()
			} else if i > 0 {
				return nil, fmt.Errorf("the range of node %d leaves the addresses", l.Number)
			}
			byNumber[n] = &Node{Number: n, Hosts: []string{host}}
			if len(byNumber) > maxNodes {
				return nil, fmt.Errorf("more than %d nodes", maxNodes)
			}
		}
	}
	for _, l := range m {
		if l.Count > 0 {
			continue
		}
		n := byNumber[l.Number]
		if n == nil {
			return nil, fmt.Errorf("node %d has an ALIAS but no line of its own", l.Number)
		}
		n.Hosts = append(n.Hosts, l.Host)
	}
	out := make([]Node, 0, len(byNumber))
	for _, n := range byNumber {
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b Node) int { return a.Number - b.Number })
	return out, nil
}

// Find is the number of the node that has one of these addresses.
func Find(nodes []Node, own []string) (int, bool) {
	for _, n := range nodes {
		if slices.ContainsFunc(n.Hosts, func(h string) bool { return slices.Contains(own, h) }) {
			return n.Number, true
		}
	}
	return 0, false
}

// Format writes nodes as a map: runs of consecutive numbers and addresses
// become one line, as people write it.
func Format(nodes []Node) string {
	var b strings.Builder
	for i := 0; i < len(nodes); {
		first, _ := netip.ParseAddr(nodes[i].Hosts[0])
		count := 1
		for last := first; last.IsValid() && i+count < len(nodes) && nodes[i+count].Number == nodes[i].Number+count; count++ {
			if last = last.Next(); !last.IsValid() || nodes[i+count].Hosts[0] != last.String() {
				break
			}
		}
		fmt.Fprintf(&b, "%d\t%s\t%d\n", nodes[i].Number, nodes[i].Hosts[0], count)
		for _, n := range nodes[i : i+count] {
			for _, h := range n.Hosts[1:] {
				fmt.Fprintf(&b, "%d\t%s\tALIAS\n", n.Number, h)
			}
		}
		i += count
	}
	return b.String()
}

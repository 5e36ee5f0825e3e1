// Package roster is the table of nodes one node has: those it was told of
// beforehand, those it has met, which of them are up, and which claim the same
// number. It is told what happens and decides what the table says; it asks
// nobody and knows no time of its own.
package roster

import (
	"maps"
	"slices"
	"time"
)

// State is what is known of a node.
type State string

const (
	Unheard State = "unheard" // configured, and never met
	Up      State = "up"
	Down    State = "down" // met, and gone without a word
)

// maxDown bounds how many dead nodes are remembered, and forgetAfter how long.
const (
	maxDown     = 1024
	forgetAfter = 24 * time.Hour
	briefly     = 30 * time.Second
)

// Node is one line of the table.
type Node struct {
	Number  int
	Name    string
	Address string // ADDRESS:PORT
	State   State
	// Twins are the addresses of other nodes that are up and claim the number.
	// The number means the node that had it first.
	Twins []string
}

// holder is a node that has been met. There is one for each number and address.
type holder struct {
	name, address string
	up            bool
	since         time.Time // of up or down
	brief         int       // how often in a row it was up for less than briefly
}

// Roster is the table. It belongs to one goroutine at a time.
type Roster struct {
	self       int
	configured map[int]Node
	met        map[int][]holder // in the order in which they came; no empty lists
}

// New makes the table of a node that knows itself.
func New(self int, name, address string) *Roster {
	return &Roster{self: self, met: map[int][]holder{self: {{name: name, address: address, up: true}}}}
}

// Configure replaces what was known beforehand.
func (r *Roster) Configure(nodes []Node) {
	r.configured = make(map[int]Node, len(nodes))
	for _, n := range nodes {
		r.configured[n.Number] = n
	}
}

// CameUp notes a node that is up. twin is the address of the one that has the
// number already, if another has; news is false if nothing has changed.
func (r *Roster) CameUp(number int, name, address string, now time.Time) (twin string, news bool) {
	holders := r.met[number]
	i := slices.IndexFunc(holders, func(h holder) bool { return h.address == address })
	switch {
	case i >= 0 && holders[i].up:
		news = holders[i].name != name
		holders[i].name = name
	case i >= 0:
		holders[i] = holder{name: name, address: address, up: true, since: now, brief: holders[i].brief}
		news = true
	default:
		// A dead node at another address has moved, or been replaced.
		holders = slices.DeleteFunc(holders, func(h holder) bool { return !h.up })
		r.met[number] = append(holders, holder{name: name, address: address, up: true, since: now})
		news = true
	}
	if first := r.met[number][first(r.met[number])]; first.address != address {
		twin = first.address
	}
	return twin, news
}

// WentDown notes that a node is gone. Of one that said goodbye nothing stays.
// flaps is true for one that comes again and again and is soon gone each time:
// it reaches others, and they do not reach it.
func (r *Roster) WentDown(number int, address string, left bool, now time.Time) (flaps bool) {
	holders := r.met[number]
	i := slices.IndexFunc(holders, func(h holder) bool { return h.address == address })
	if i < 0 {
		return false
	}
	if h := &holders[i]; !left && h.up {
		if h.brief++; now.Sub(h.since) >= briefly {
			h.brief = 0
		}
		flaps = h.brief > 1
	}
	if left || len(holders) > 1 {
		r.met[number] = slices.Delete(holders, i, i+1)
	} else {
		holders[i].up, holders[i].since = false, now
	}
	if len(r.met[number]) == 0 {
		delete(r.met, number)
	}
	r.forget(now)
	return flaps
}

// forget drops dead nodes that are too old or too many.
func (r *Roster) forget(now time.Time) {
	var oldest, dead int
	for number, holders := range r.met {
		h := holders[0]
		if h.up {
			continue
		}
		if now.Sub(h.since) > forgetAfter {
			delete(r.met, number)
			continue
		}
		if dead++; oldest == 0 || h.since.Before(r.met[oldest][0].since) {
			oldest = number
		}
	}
	if dead > maxDown {
		delete(r.met, oldest)
	}
}

// first is the holder a number means: the first that is up, else the first.
func first(holders []holder) int {
	return max(0, slices.IndexFunc(holders, func(h holder) bool { return h.up }))
}

// Lookup finds a node.
func (r *Roster) Lookup(number int) (Node, bool) {
	n, known := r.configured[number]
	n.Number, n.State = number, Unheard
	holders := r.met[number]
	if len(holders) == 0 {
		return n, known
	}
	i := first(holders)
	if n.State = Down; holders[i].address != "" {
		n.Address = holders[i].address
	}
	if n.Name == "" {
		n.Name = holders[i].name
	}
	if holders[i].up {
		n.State = Up
	}
	for j, h := range holders {
		if j != i && h.up {
			n.Twins = append(n.Twins, h.address)
		}
	}
	return n, true
}

// List is the whole table, ascending.
func (r *Roster) List() []Node {
	numbers := slices.Sorted(maps.Keys(r.met))
	for number := range r.configured {
		if r.met[number] == nil {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	out := make([]Node, len(numbers))
	for i, number := range numbers {
		out[i], _ = r.Lookup(number)
	}
	return out
}

// Package tuning keeps what has been measured of the way to other nodes: what
// it costs to ask one, to move a process there, and to have a call of it done
// at home. `tune` measures; who decides about moves reads.
//
// It holds and keeps, in a file of the state directory. A Store's links are
// guarded by its lock, under which the file is written. What moves show by themselves of a way that nobody
// has measured it holds as long as the daemon runs.
package tuning

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/balance"
)

// Link is one measurement between this node and another.
type Link struct {
	Node        int       `json:"node"`
	Measured    time.Time `json:"measured"`
	AskMicros   float64   `json:"ask_us"`   // to connect to its daemon and be answered
	CallMicros  float64   `json:"call_us"`  // one system call of a process there, done at home: the latency
	Small       Move      `json:"small"`    // of a process of a few MiB
	Large       Move      `json:"large"`    // of one of some tens of MiB
	MBPerSecond float64   `json:"mb_per_s"` // by which memory moves: the bandwidth, 10⁶ bytes
	BackMicros  float64   `json:"home_us"`  // the whole way home of the large one
}

// Move is what one move took.
type Move struct {
	Bytes        uint64  `json:"bytes"`     // resident
	Micros       float64 `json:"micros"`    // from the wish to the end
	FrozenMicros float64 `json:"frozen_us"` // of these it stood still
}

// maxLinks bounds how many are kept.
const maxLinks = 65535

// Check finds what cannot have been measured: a Link comes from a command or a file.
func (l Link) Check() error {
	if l.Node < 1 || l.Node > maxLinks {
		return fmt.Errorf("node %d is not in 1…%d", l.Node, maxLinks)
	}
	for _, v := range []float64{l.AskMicros, l.CallMicros, l.MBPerSecond, l.BackMicros, l.Small.Micros, l.Small.FrozenMicros, l.Large.Micros, l.Large.FrozenMicros} {
		if math.IsNaN(v) || v < 0 || v > 1e12 {
			return fmt.Errorf("node %d: %v is no cost", l.Node, v)
		}
	}
	return nil
}

// Way is what the balancing policy goes by: by which memory moves, what a call
// that goes home waits, and for how long a process stands still that has hardly
// any memory. What was not measured is zero.
func (l Link) Way() balance.Link {
	micros := func(v float64) time.Duration { return time.Duration(v * float64(time.Microsecond)) }
	return balance.Link{Bandwidth: l.MBPerSecond * 1e6, Latency: micros(l.CallMicros), Freeze: micros(l.Small.FrozenMicros)}
}

// Store is the links of one node.
type Store struct {
	path string

	mu    sync.Mutex
	links map[int]Link
	moved map[int]float64 // bytes per second by which memory has moved, by node
}

// Open reads the file. One that cannot be used is an error beside an empty store.
func Open(path string) (*Store, error) {
	s := &Store{path: path, links: map[int]Link{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read measured costs: %w", err)
	}
	links, err := parse(text)
	if err != nil {
		return s, fmt.Errorf("the costs in %s are not used (`tune` measures again): %w", path, err)
	}
	s.links = links
	return s, nil
}

func parse(text []byte) (map[int]Link, error) {
	var list []Link
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	links := make(map[int]Link, len(list))
	for _, l := range list {
		if err := l.Check(); err != nil {
			return nil, err
		}
		links[l.Node] = l
	}
	return links, nil
}

// To gives what is known of the way to a node.
func (s *Store) To(node int) (Link, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, known := s.links[node]
	return l, known
}

// worthNoting is from how much memory on a move says how fast the way is.
const worthNoting = 16 << 20

// Moved notes that a process moved to a node, with so much memory: half of what is known is what is new.
func (s *Store) Moved(node int, bytes uint64, took time.Duration) {
	if bytes < worthNoting || took <= 0 || node < 1 || node > maxLinks {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moved == nil {
		s.moved = map[int]float64{}
	}
	rate := float64(bytes) / took.Seconds()
	if before := s.moved[node]; before > 0 {
		rate = (before + rate) / 2
	}
	s.moved[node] = rate
}

// Way is what is known of the way to a node, for the balancing policy. A measurement of `tune` counts, where there is one.
func (s *Store) Way(node int) balance.Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, known := s.links[node]; known {
		return l.Way()
	}
	return balance.Link{Bandwidth: s.moved[node]}
}

// All gives all links, by number of the node.
func (s *Store) All() []Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list()
}

// list precondition: s.mu is held.
func (s *Store) list() []Link {
	out := make([]Link, 0, len(s.links))
	for _, l := range s.links {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Link) int { return cmp.Compare(a.Node, b.Node) })
	return out
}

// Set takes in a measurement and keeps it.
func (s *Store) Set(l Link) error {
	if err := l.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[l.Node] = l
	text, err := json.MarshalIndent(s.list(), "", "  ")
	if err != nil {
		return err
	}
	fresh := s.path + ".new"
	if err := os.WriteFile(fresh, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("keep measured costs: %w", err)
	}
	if err := os.Rename(fresh, s.path); err != nil {
		return fmt.Errorf("keep measured costs: %w", err)
	}
	return nil
}

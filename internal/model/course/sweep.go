package course

import (
	"slices"
	"strings"
)

// Sweep foresees what a program asks of each entry of a directory that it goes through, as ls, du and find do: the
// same questions for one name after the other, in the order in which they were listed, or sorted.
//
// Nothing is foreseen before two entries in a row have been asked of; behind that as many as were of use, four at first. What was
// asked of the entries of one directory is expected of those of the next one. Pure.
type Sweep struct {
	orders [2]order // as listed; sorted. What is not as listed is made when a question comes
	known  []Kind   // what was asked of the entry before this one
	asked  []Kind   // ... and of this one
	place  Place
	at     [2]int // where this one is in each order; -1: nowhere
	streak int    // entries in a row, of the order by
	by     int
	listed bool // the last thing that was heard is a listing
	size   int  // how many entries are foreseen
	told   []Look
}

// Look is a question of an entry.
type Look struct {
	Kind  Kind
	Place Place
	Name  string
}

// Kind is what is asked, without where and of whom.
type Kind string

// Place is a directory as the question names it: a descriptor, and what precedes the name.
type Place struct {
	FD  uint64 // as the argument stands there
	Dir string
}

type order struct {
	names []string
	index map[string]int
}

// Bounds of a sweep.
const (
	mostNames = 1 << 14
	mostKinds = 4
	leastSize = 4
	mostSize  = 32
	enough    = 2 // entries in a row
)

func orderOf(names []string) order {
	o := order{names, make(map[string]int, len(names))}
	for i, name := range names {
		o.index[name] = i
	}
	return o
}

// Listed: a directory was read, or more of it. What is behind mostNames is not foreseen.
func (s *Sweep) Listed(names []string) {
	all := s.orders[0].names
	if !s.listed {
		all = nil
	}
	names = names[:min(len(names), mostNames-len(all))]
	s.orders = [2]order{{names: append(all, names...)}}
	s.listed = true
	s.begin(Look{})
}

// begin: the next entries are to show whether there is an order.
func (s *Sweep) begin(l Look) {
	s.place, s.asked, s.told = l.Place, nil, nil
	s.at = [2]int{-1, -1}
	if !s.follows() {
		s.streak = 0
	}
	if l.Kind != "" {
		s.asked = append(s.asked, l.Kind)
		s.at = s.find(l.Name)
	}
}

// follows tells whether there has been an order, and what is asked of an entry is known.
func (s *Sweep) follows() bool { return s.streak >= enough && len(s.known) > 0 }

func (s *Sweep) find(name string) (at [2]int) {
	if listed := s.orders[0].names; s.orders[0].index == nil && len(listed) > 0 {
		s.orders = [2]order{orderOf(listed), orderOf(slices.Sorted(slices.Values(listed)))}
	}
	for i := range at {
		at[i] = -1
		if n, is := s.orders[i].index[name]; is {
			at[i] = n
		}
	}
	return at
}

// Asked: the program has asked a question, which is one of an entry.
func (s *Sweep) Asked(l Look) {
	if len(s.orders[0].names) == 0 {
		return
	}
	s.listed = false
	s.told = nil
	if s.place == (Place{}) || s.place != l.Place {
		s.begin(l)
		if s.at[0] < 0 || s.follows() && l.Kind != s.known[0] {
			s.streak = 0
		}
		return
	}
	now := s.find(l.Name)
	switch {
	case now[0] < 0:
		return // of something else
	case now == s.at:
		if len(s.asked) < mostKinds && !slices.Contains(s.asked, l.Kind) {
			s.asked = append(s.asked, l.Kind)
		}
		return
	}
	by := slices.IndexFunc([]int{0, 1}, func(i int) bool { return s.at[i] >= 0 && now[i] == s.at[i]+1 })
	switch {
	case by < 0:
		s.streak = 0
	case by != s.by && now[s.by] != s.at[s.by]+1:
		s.by, s.streak = by, 1
	default:
		s.streak++
	}
	s.known, s.asked, s.at = s.asked, []Kind{l.Kind}, now
}

// Foresee gives the questions that come next, and remembers that they are told.
func (s *Sweep) Foresee(most int) []Look {
	s.told = nil
	if !s.follows() || s.at[s.by] < 0 || len(s.asked) == 0 {
		return nil
	}
	i := slices.Index(s.known, s.asked[len(s.asked)-1])
	if i < 0 {
		return nil // it is another entry than the last one was
	}
	s.size = max(s.size, leastSize)
	names := s.orders[s.by].names[s.at[s.by]:]
	names = names[:min(len(names), s.size)]
	for n, name := range names {
		kinds := s.known
		if n == 0 {
			kinds = kinds[i+1:]
		}
		for _, kind := range kinds {
			if len(s.told) == most {
				return s.told
			}
			s.told = append(s.told, Look{kind, s.place, name})
		}
	}
	return s.told
}

// Used tells which of those were asked, as a bit for each, since. How much is foreseen goes by that.
func (s *Sweep) Used(which uint32) {
	told := s.told
	if len(told) == 0 {
		return
	}
	known := slices.Clone(s.known)
	used := 0
	for i, l := range told[:min(len(told), 32)] {
		if which&(1<<i) != 0 {
			s.Asked(l)
			used = i + 1
		}
	}
	s.told = nil
	switch {
	case used == 0:
		s.streak, s.size = 0, leastSize
	case used < len(told)/2:
		s.size = max(s.size/2, leastSize)
	case used == len(told):
		s.size = min(2*s.size, mostSize)
	}
	if used > 0 && len(s.known) < len(known) && len(s.asked) < len(known) { // an entry of which less is asked, as of a link
		s.known = known
	}
}

// LookOf takes a path apart: where, and the name.
func LookOf(kind Kind, fd uint64, path string) (Look, bool) {
	dir, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, name = path[:i+1], path[i+1:]
	}
	return Look{kind, Place{fd, dir}, name}, name != "" && name != "." && name != ".."
}

// Path is what the question names.
func (l Look) Path() string { return l.Place.Dir + l.Name }

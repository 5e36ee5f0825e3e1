package missing

import (
	"openmosix/internal/model/image"
)

// Supply is the side that still holds the pages: what it has not given yet, and what
// it has been asked for, urgent requests first. Each page is given once, whatever is
// asked. Addresses are those at which the process left them.
type Supply struct {
	left         *Set // what is asked for is marked in it
	urgent, rest []image.Range
}

// NewSupply is of all pages of ranges.
func NewSupply(ranges []image.Range) *Supply { return &Supply{left: New(ranges)} }

// Pages is how many have not been given.
func (s *Supply) Pages() uint64 { return s.left.Pages() }

// Ask queues what of some ranges is there and has not been asked for, and lists it.
func (s *Supply) Ask(ranges []image.Range, urgent bool) []image.Range {
	var all []image.Range
	for _, r := range ranges {
		asked, _ := s.left.Ask(r, ^uint64(0))
		all = append(all, asked...)
	}
	if urgent {
		s.urgent = append(s.urgent, all...)
	} else {
		s.rest = append(s.rest, all...)
	}
	return all
}

// Urgent tells whether what Next gives is waited for.
func (s *Supply) Urgent() bool { return len(s.urgent) > 0 }

// Next takes what is to be given next, at most so many bytes. What is urgent does not
// wait for more.
func (s *Supply) Next(most uint64) []image.Range {
	var out []image.Range
	for _, list := range []*[]image.Range{&s.urgent, &s.rest} {
		for len(*list) > 0 && most >= image.PageSize {
			r := (*list)[0]
			if room := most &^ (image.PageSize - 1); r.Len() > room {
				r.End = r.Start + room
				(*list)[0].Start = r.End
			} else {
				*list = (*list)[1:]
			}
			most -= r.Len()
			s.left.Remove(r)
			out = append(out, r)
		}
		if len(out) > 0 {
			break
		}
	}
	return out
}

// Package nodelist is lists of node numbers as people write them: 1-3,7.
package nodelist

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Last is the largest node number.
const Last = 65535

// longest bounds a list: it comes from users.
const longest = 256

// Range is the numbers from First to Last.
type Range struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// List is ascending ranges that do not touch each other.
type List []Range

// Parse reads numbers and ranges with commas between them.
func Parse(text string) (List, error) {
	var l List
	for i, word := range strings.Split(text, ",") {
		if i == longest {
			return nil, fmt.Errorf("node list: more than %d parts", longest)
		}
		from, to, isRange := strings.Cut(strings.TrimSpace(word), "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 32)
		last, err2 := strconv.ParseUint(to, 10, 32)
		if err != nil || err2 != nil || first < 1 || last > Last || first > last {
			return nil, fmt.Errorf("node list %q: expected numbers 1…%d and ranges, as in 1-3,7", text, Last)
		}
		l = append(l, Range{int(first), int(last)})
	}
	return l.normal(), nil
}

func (l List) normal() List {
	slices.SortFunc(l, func(a, b Range) int { return a.First - b.First })
	var out List
	for _, r := range l {
		if n := len(out); n > 0 && r.First <= out[n-1].Last+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Has tells whether a number is in the list.
func (l List) Has(number int) bool {
	return slices.ContainsFunc(l, func(r Range) bool { return r.First <= number && number <= r.Last })
}

// With is the list and one number more.
func (l List) With(number int) List {
	return append(slices.Clone(l), Range{number, number}).normal()
}

// String is what Parse reads.
func (l List) String() string {
	words := make([]string, len(l))
	for i, r := range l {
		words[i] = strconv.Itoa(r.First)
		if r.Last > r.First {
			words[i] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strings.Join(words, ",")
}

// MarshalText makes a list in JSON what people write.
func (l List) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText writes; an empty list is empty text.
func (l *List) UnmarshalText(text []byte) error {
	*l = nil
	if len(text) == 0 {
		return nil
	}
	parsed, err := Parse(string(text))
	*l = parsed
	return err
}

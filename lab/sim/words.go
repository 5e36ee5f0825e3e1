package sim

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// line takes words from a line; after the first error nothing counts any more.
type line struct {
	words []string
	err   error
}

func (l *line) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

func (l *line) more() bool { return l.err == nil && len(l.words) > 0 }

// next tells whether that word is the next.
func (l *line) next(word string) bool { return l.more() && l.words[0] == word }

func (l *line) word() string {
	if len(l.words) == 0 {
		l.fail("something is missing at the end")
		return ""
	}
	w := l.words[0]
	l.words = l.words[1:]
	return w
}

func (l *line) oneOf(allowed ...string) string {
	w := l.word()
	if l.err == nil && !slices.Contains(allowed, w) {
		l.fail("%q stands where one of %s should", w, strings.Join(allowed, ", "))
	}
	return w
}

func (l *line) count(least, most int) int {
	w := l.word()
	n, err := strconv.Atoi(w)
	if l.err == nil && (err != nil || n < least || n > most) {
		l.fail("%q is no number in %d…%d", w, least, most)
	}
	return n
}

// units that a number may end in: bytes, and seconds.
var units = map[string]float64{"k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}

func (l *line) number() float64 {
	w := l.word()
	digits := strings.TrimRight(w, "kMGTumsh")
	unit := 1.0
	if suffix := w[len(digits):]; suffix != "" {
		var ok bool
		if unit, ok = units[suffix]; !ok {
			l.fail("%q has no unit that is known: %s", w, list(units))
		}
	}
	f, err := strconv.ParseFloat(digits, 64)
	f *= unit
	if l.err == nil && (err != nil || math.IsNaN(f) || math.Abs(f) > 1e18) {
		l.fail("%q is no number", w)
	}
	return f
}

func (l *line) positive() float64 {
	f := l.number()
	if l.err == nil && f <= 0 {
		l.fail("%v is not more than 0", f)
	}
	return f
}

// span is a time of more than nothing and less than ten years.
func (l *line) span() time.Duration {
	w := "something"
	if l.more() {
		w = l.words[0]
	}
	f := l.number()
	if l.err == nil && (f < 0 || f > 3e8) {
		l.fail("%q is no time", w)
	}
	if l.err != nil {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// dist reads the kind of a distribution and its numbers, and max.
func (l *line) dist() Dist {
	if l.more() {
		if _, ok := arity[l.words[0]]; !ok {
			return fixed(l.number())
		}
	}
	d := Dist{Kind: l.word()}
	for i, at := range []*float64{&d.A, &d.B, &d.C} {
		if l.err == nil && i < len(strings.Fields(arity[d.Kind])) {
			*at = l.number()
		}
	}
	if l.next("max") {
		l.word()
		d.Max = l.positive()
	}
	if l.err == nil {
		if err := d.check(); err != nil {
			l.fail("%w", err)
		}
	}
	return d
}

// number of a node, if it is one.
func number(word string) (int, bool) {
	n, err := strconv.Atoi(word)
	return n, err == nil
}

// list is the keys of a table, in order.
func list[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

package course

import (
	"fmt"
	"strings"
	"testing"
)

const cwd = 1<<64 - 100

// program goes through a directory; it tells how many questions it had to wait for.
func sweepThrough(s *Sweep, names []string, dir string, kinds func(name string) []Kind) (waited, foreseen int) {
	var told []Look
	used, next := uint32(0), 0
	for _, name := range names {
		for _, kind := range kinds(name) {
			l, _ := LookOf(kind, cwd, dir+name)
			at := -1
			for i := next; i < len(told); i++ {
				if told[i] == l {
					at = i
					break
				}
			}
			if at >= 0 {
				used |= 1 << at
				next = at + 1
				continue
			}
			waited++
			s.Used(used)
			s.Asked(l)
			told, used, next = s.Foresee(32), 0, 0
			foreseen += len(told)
		}
	}
	s.Used(used)
	return waited, foreseen
}

func numbered(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("f%d", (i*7919)%100000))
	}
	return names
}

func TestSweep(t *testing.T) {
	two := func(string) []Kind { return []Kind{"statx", "xattr"} }
	for name, c := range map[string]struct {
		asks  func(listed []string) []string
		kinds func(string) []Kind
		most  int // that it waits for, of 1000 entries
	}{
		"as listed": {func(l []string) []string { return l }, two, 80},
		"sorted":    {func(l []string) []string { return orderOf(l).sorted() }, two, 80},
		"some have less": {func(l []string) []string { return l }, func(name string) []Kind {
			if strings.HasSuffix(name, "7") {
				return []Kind{"statx"}
			}
			return []Kind{"statx", "xattr"}
		}, 260},
		"one kind": {func(l []string) []string { return l }, func(string) []Kind { return []Kind{"stat"} }, 45},
	} {
		t.Run(name, func(t *testing.T) {
			var s Sweep
			names := numbered(1000)
			s.Listed(names[:600])
			s.Listed(names[600:])
			waited, foreseen := sweepThrough(&s, c.asks(names), "dir/", c.kinds)
			if waited > c.most {
				t.Errorf("it waited for %d questions of %d names", waited, len(names))
			}
			if foreseen > 2400 {
				t.Errorf("%d were foreseen", foreseen)
			}
		})
	}
}

func (o order) sorted() []string {
	var s Sweep
	s.Listed(o.names)
	s.find("")
	return s.orders[1].names
}

// Of the next directory the first question is enough.
func TestNextDirectory(t *testing.T) {
	var s Sweep
	kinds := func(string) []Kind { return []Kind{"statx", "xattr"} }
	total := 0
	for d := range 100 {
		s.Listed(numbered(10))
		waited, _ := sweepThrough(&s, numbered(10), fmt.Sprintf("d%d/", d), kinds)
		total += waited
	}
	if total > 350 {
		t.Errorf("it waited %d times for 2000 questions", total)
	}
}

// A program that asks here and there is told next to nothing.
func TestNoOrder(t *testing.T) {
	var s Sweep
	names := numbered(1000)
	s.Listed(names)
	var asks []string
	for i := range names {
		asks = append(asks, names[(i*37)%len(names)])
	}
	if _, foreseen := sweepThrough(&s, asks, "", func(string) []Kind { return []Kind{"stat"} }); foreseen > 0 {
		t.Errorf("%d were foreseen", foreseen)
	}
	s = Sweep{}
	if _, foreseen := sweepThrough(&s, names, "", func(string) []Kind { return []Kind{"stat"} }); foreseen > 0 {
		t.Errorf("%d were foreseen of what was not listed", foreseen)
	}
}

// Who stops in the midst is told at most as much as was of use before.
func TestSweepEnds(t *testing.T) {
	var s Sweep
	names := numbered(1000)
	s.Listed(names)
	sweepThrough(&s, names[:10], "", func(string) []Kind { return []Kind{"stat"} })
	_, foreseen := sweepThrough(&s, names[900:903], "", func(string) []Kind { return []Kind{"stat"} })
	if foreseen > 8 {
		t.Errorf("%d were foreseen", foreseen)
	}
}

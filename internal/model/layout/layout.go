// Package layout compares address spaces: from the mappings a process has and
// the mappings it should have to the calls that turn one into the other.
// Pure; the caller makes the calls.
package layout

import (
	"sort"

	"openmosix/internal/model/image"
)

// Action is what to do with a range.
type Action uint8

const (
	Unmap   Action = iota // munmap
	Map                   // mmap at exactly this place what VMA describes
	Protect               // mprotect to VMA's protection
	Grow                  // the mapping above, which grows downwards, becomes this much longer
	Advise                // madvise to VMA's advice, from Was
)

// Op is one step. VMA is the wanted mapping, cut to Range; its Off belongs to Range.Start.
type Op struct {
	image.Range
	Action Action
	VMA    image.VMA
	Was    image.Advice // Advise
}

// SameFile tells whether file a of the present mappings is file b of the wanted ones.
type SameFile func(a, b uint32) bool

// Diff lists the steps from have to want, unmapping first: a mapping that
// moved may need the place of one that goes. Special mappings cannot be made, and are left alone
// where they are wanted; elsewhere they go, as the program has unmapped them. Both lists must be sorted and must not overlap.
func Diff(have, want []image.VMA, same SameFile) []Op {
	var unmaps, rest []Op
	cells := overlay(have, want)
	for i, c := range cells {
		switch {
		case c.want != nil && c.want.Kind == image.Special:
		case c.want == nil:
			unmaps = append(unmaps, Op{Range: c.Range, Action: Unmap})
		case extends(cells, i):
			rest = append(rest, Op{Range: c.Range, Action: Grow, VMA: Cut(*c.want, c.Range)})
			if c.want.Prot != cells[i+1].have.Prot {
				rest = append(rest, Op{Range: c.Range, Action: Protect, VMA: Cut(*c.want, c.Range)})
			}
			if was := cells[i+1].have.Advice; was != c.want.Advice {
				rest = append(rest, Op{Range: c.Range, Action: Advise, VMA: Cut(*c.want, c.Range), Was: was})
			}
		case c.have == nil || !compatible(c.have, c.want, same):
			if c.have != nil {
				unmaps = append(unmaps, Op{Range: c.Range, Action: Unmap})
			}
			rest = append(rest, Op{Range: c.Range, Action: Map, VMA: Cut(*c.want, c.Range)})
		default:
			if c.have.Prot != c.want.Prot {
				rest = append(rest, Op{Range: c.Range, Action: Protect, VMA: Cut(*c.want, c.Range)})
			}
			if c.have.Advice != c.want.Advice {
				rest = append(rest, Op{Range: c.Range, Action: Advise, VMA: Cut(*c.want, c.Range), Was: c.have.Advice})
			}
		}
	}
	return append(merge(unmaps), merge(rest)...)
}

// Cut narrows a mapping to a range inside it.
func Cut(v image.VMA, r image.Range) image.VMA {
	if v.OfFile() {
		v.Off += r.Start - v.Start
	}
	v.Range = r
	return v
}

// compatible: what is there can stay, apart from its protection.
func compatible(have, want *image.VMA, same SameFile) bool {
	if have.Kind != want.Kind {
		return false
	}
	if have.Kind == image.Anonymous {
		return (have.Advice^want.Advice)&image.Droppable == 0
	}
	return same(have.File, want.File) && have.Off-have.Start == want.Off-want.Start
}

type cell struct {
	image.Range
	have, want *image.VMA
}

// overlay cuts both lists at each other's borders.
func overlay(have, want []image.VMA) []cell {
	borders := make([]uint64, 0, 2*(len(have)+len(want)))
	for _, l := range [][]image.VMA{have, want} {
		for i := range l {
			borders = append(borders, l[i].Start, l[i].End)
		}
	}
	sort.Slice(borders, func(i, j int) bool { return borders[i] < borders[j] })
	var cells []cell
	h, w := 0, 0
	for i := 0; i+1 < len(borders); i++ {
		r := image.Range{Start: borders[i], End: borders[i+1]}
		if r.Start == r.End {
			continue
		}
		for h < len(have) && have[h].End <= r.Start {
			h++
		}
		for w < len(want) && want[w].End <= r.Start {
			w++
		}
		c := cell{Range: r}
		if h < len(have) && have[h].Start <= r.Start {
			c.have = &have[h]
		}
		if w < len(want) && want[w].Start <= r.Start {
			c.want = &want[w]
		}
		if c.have != nil || c.want != nil {
			cells = append(cells, c)
		}
	}
	return cells
}

// merge joins neighbouring steps that are one call.
func merge(ops []Op) []Op {
	var out []Op
	for _, o := range ops {
		if n := len(out); n > 0 {
			l := &out[n-1]
			if l.End == o.Start && l.Action == o.Action && l.Was == o.Was && (o.Action == Unmap || continues(l.VMA, o.VMA)) {
				l.End, l.VMA.End = o.End, o.End
				continue
			}
		}
		out = append(out, o)
	}
	return out
}

func continues(a, b image.VMA) bool {
	return a.Kind == b.Kind && a.Prot == b.Prot && a.Grows == b.Grows && a.Advice == b.Advice && a.File == b.File && a.Name == b.Name &&
		(a.Kind == image.Anonymous || a.Off-a.Start == b.Off-b.Start)
}

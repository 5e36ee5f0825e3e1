package layout

import (
	"sort"

	"openmosix/internal/model/image"
)

// Union sorts and joins ranges.
func Union(rs ...[]image.Range) []image.Range {
	var all []image.Range
	for _, r := range rs {
		all = append(all, r...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Start < all[j].Start })
	var out []image.Range
	for _, r := range all {
		if r.Start >= r.End {
			continue
		}
		if n := len(out); n > 0 && r.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Subtract returns what of a is not in b. Both sorted, not overlapping.
func Subtract(a, b []image.Range) []image.Range {
	var out []image.Range
	j := 0
	for _, r := range a {
		at := r.Start
		for j < len(b) && b[j].End <= at {
			j++
		}
		for k := j; k < len(b) && b[k].Start < r.End; k++ {
			if b[k].Start > at {
				out = append(out, image.Range{Start: at, End: b[k].Start})
			}
			at = max(at, b[k].End)
		}
		if at < r.End {
			out = append(out, image.Range{Start: at, End: r.End})
		}
	}
	return out
}

// Intersect returns what is in both. Both sorted, not overlapping.
func Intersect(a, b []image.Range) []image.Range {
	var out []image.Range
	j := 0
	for _, r := range a {
		for j < len(b) && b[j].End <= r.Start {
			j++
		}
		for k := j; k < len(b) && b[k].Start < r.End; k++ {
			out = append(out, image.Range{Start: max(r.Start, b[k].Start), End: min(r.End, b[k].End)})
		}
	}
	return out
}

// Bytes adds up the lengths.
func Bytes(rs []image.Range) uint64 {
	var n uint64
	for _, r := range rs {
		n += r.Len()
	}
	return n
}

package layout

import "openmosix/internal/model/image"

// Near joins those of sorted ranges that no more than gap bytes lie between.
func Near(rs []image.Range, gap uint64) []image.Range {
	var out []image.Range
	for _, r := range rs {
		if n := len(out); n > 0 && r.Start-out[n-1].End <= gap {
			out[n-1].End = r.End
			continue
		}
		out = append(out, r)
	}
	return out
}

// Coarse joins neighbours among sorted ranges, the nearest first, until there are
// at most so many.
func Coarse(rs []image.Range, most int) []image.Range {
	for gap := uint64(image.PageSize); len(rs) > max(most, 1); gap *= 2 {
		rs = Near(rs, gap)
	}
	return rs
}

// Pieces cuts sorted ranges so that no piece holds more than most bytes of what is full. What is
// not is no reason to cut: a program may reserve terabytes, and use megabytes of them.
func Pieces(rs, full []image.Range, most uint64) []image.Range {
	var out []image.Range
	held := Intersect(rs, full)
	for _, r := range rs {
		room := most
		for len(held) > 0 && held[0].Start < r.End {
			h := &held[0]
			if h.Len() > room {
				h.Start += room
				out = append(out, image.Range{Start: r.Start, End: h.Start})
				r.Start, room = h.Start, most
				continue
			}
			room -= h.Len()
			held = held[1:]
		}
		out = append(out, r)
	}
	return out
}

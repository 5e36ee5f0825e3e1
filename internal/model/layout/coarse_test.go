package layout

import (
	"cmp"
	"slices"
	"testing"

	"openmosix/internal/model/image"

	"pgregory.net/rapid"
)

// What is joined covers all there was, and nothing beyond it.
func TestCoarse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rs []image.Range
		for at, n := uint64(0), rapid.IntRange(0, 40).Draw(t, "ranges"); len(rs) < n; {
			at += rapid.Uint64Range(1, 2000).Draw(t, "gap") * image.PageSize
			end := at + rapid.Uint64Range(1, 9).Draw(t, "length")*image.PageSize
			rs = append(rs, image.Range{Start: at, End: end})
			at = end
		}
		most := rapid.IntRange(1, 50).Draw(t, "most")
		got := Coarse(rs, most)
		if len(got) > most || len(Subtract(rs, got)) > 0 {
			t.Fatalf("%v of %v", got, rs)
		}
		if n := len(rs); n > 0 && (got[0].Start != rs[0].Start || got[len(got)-1].End != rs[n-1].End) {
			t.Fatalf("%v of %v", got, rs)
		}
		if len(rs) <= most && len(got) != len(rs) {
			t.Fatalf("%d of %d ranges, where %d are allowed", len(got), len(rs), most)
		}
	})
}

// Pieces are all there was, in order, and hold no more than they may; there are no more of them than that asks for.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := func(what string) (rs []image.Range) {
			for at, n := uint64(0), rapid.IntRange(0, 30).Draw(t, what); len(rs) < n; {
				at += rapid.Uint64Range(1, 30).Draw(t, "gap") * image.PageSize
				end := at + rapid.Uint64Range(1, 30).Draw(t, "length")*image.PageSize
				rs = append(rs, image.Range{Start: at, End: end})
				at = end
			}
			return rs
		}
		rs, full := some("ranges"), some("full")
		most := rapid.Uint64Range(1, 40).Draw(t, "most") * image.PageSize
		got := Pieces(rs, full, most)
		if !slices.Equal(Union(got), rs) || !slices.IsSortedFunc(got, func(a, b image.Range) int { return cmp.Compare(a.Start, b.End) }) {
			t.Fatalf("%v of %v", got, rs)
		}
		for _, g := range got {
			if g.Len() == 0 || Bytes(Intersect([]image.Range{g}, full)) > most {
				t.Fatalf("%v of %v, full %v, most %d", g, rs, full, most)
			}
		}
		if asked := uint64(len(rs)) + Bytes(Intersect(rs, full))/most; uint64(len(got)) > asked {
			t.Fatalf("%d pieces where %d do", len(got), asked)
		}
	})
	// What ThreadSanitizer reserves, and what a small program has of it.
	reserved := image.Range{Start: 1 << 40, End: 1<<40 + 20<<40}
	if got := Pieces([]image.Range{reserved}, []image.Range{{Start: 2 << 40, End: 2<<40 + 5<<20}}, 2<<20); len(got) != 3 {
		t.Errorf("%d pieces: %v", len(got), got)
	}
}

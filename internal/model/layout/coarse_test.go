package layout

import (
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

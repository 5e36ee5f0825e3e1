package tracee

import (
	"slices"
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// What lies between ranges that are far from each other is not looked through: a process of
// gigabytes would stand still for that.
func TestWithin(t *testing.T) {
	const page = image.PageSize
	vmas := []image.VMA{
		{Range: image.Range{Start: 0x10 * page, End: 0x20 * page}, Kind: image.File},
		{Range: image.Range{Start: 0x20 * page, End: 1 << 40}, Kind: image.Anonymous},
		{Range: image.Range{Start: 1 << 40, End: 1<<40 + 9*page}, Kind: image.SharedFile},
	}
	rs := []image.Range{
		{Start: 0x1c * page, End: 0x1d * page}, {Start: 0x24 * page, End: 0x25 * page},
		{Start: 1<<40 - page, End: 1<<40 + page},
	}
	var got []image.Range
	for _, v := range within(vmas, layout.Near(rs, worthWalking)) {
		if (v.Kind == image.File) != (v.Start < 0x20*page) {
			t.Errorf("%#x-%#x is of kind %v", v.Start, v.End, v.Kind)
		}
		got = append(got, v.Range)
	}
	want := []image.Range{
		{Start: 0x1c * page, End: 0x20 * page}, {Start: 0x20 * page, End: 0x25 * page}, {Start: 1<<40 - page, End: 1 << 40},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

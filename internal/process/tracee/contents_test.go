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

// The parts of a look cover the private mappings, each once; few of them, however much is reserved.
func TestDivided(t *testing.T) {
	vmas := []image.VMA{
		{Range: image.Range{Start: 0x1000, End: 0x3000}, Kind: image.File},
		{Range: image.Range{Start: 0x10000, End: 0x20000}, Kind: image.Special},
		{Range: image.Range{Start: 1 << 32, End: 1<<32 + 3*smallLook + 0x1000}, Kind: image.Anonymous},
		{Range: image.Range{Start: 1 << 40, End: 1<<46 + 0x5000}, Kind: image.Anonymous},
	}
	parts := divided(vmas)
	if n := len(parts); n != 1+4+mostParts {
		t.Errorf("%d parts", n)
	}
	var got []image.Range
	for i, v := range parts {
		if i > 0 && v.Start < parts[i-1].End {
			t.Errorf("%#x is looked at twice", v.Start)
		}
		got = append(got, v.Range)
	}
	if got, want := layout.Union(got), PrivateRanges(vmas); !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

package missing

import (
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"

	"pgregory.net/rapid"
)

// Whatever is asked, each page that was asked for is given once, urgent ones first.
func TestSupplyGivesEachPageOnce(t *testing.T) {
	const first, span = 500, 200
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) image.Range {
			return pages(first+rapid.Uint64Range(0, span).Draw(t, name), rapid.Uint64Range(1, 80).Draw(t, "length"))
		}
		holds := []image.Range{draw("holds"), draw("holds")}
		s := NewSupply(holds)
		have := layout.Union(holds)
		var asked, given, urgent []image.Range
		give := func(most uint64) bool {
			out := s.Next(most)
			if layout.Bytes(out) > most {
				t.Fatalf("%d bytes, more than %d", layout.Bytes(out), most)
			}
			if len(layout.Intersect(layout.Union(out), given)) > 0 {
				t.Fatalf("%v is given twice", out)
			}
			if open := layout.Subtract(urgent, given); len(open) > 0 && len(layout.Subtract(layout.Union(out), urgent)) > 0 {
				t.Fatalf("%v before %v, which is urgent", out, open)
			}
			given = layout.Union(given, out)
			return len(out) > 0
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "give") {
				give(rapid.Uint64Range(1, 40).Draw(t, "most") * page)
				continue
			}
			r, now := draw("ask"), rapid.Bool().Draw(t, "urgent")
			s.Ask([]image.Range{r}, now)
			fresh := layout.Subtract(layout.Intersect([]image.Range{r}, have), asked)
			if asked = layout.Union(asked, fresh); now {
				urgent = layout.Union(urgent, fresh)
			}
		}
		for give(1 << 40) {
		}
		if rest := layout.Subtract(asked, given); len(rest) > 0 || layout.Bytes(given) != layout.Bytes(asked) {
			t.Fatalf("asked for %v, given %v", asked, given)
		}
		if s.Pages()*page != layout.Bytes(have)-layout.Bytes(given) {
			t.Fatalf("%d pages are left", s.Pages())
		}
	})
}

// What is left follows later when it is more than is sent in a moment, or when it is
// to; what the kernel and the threads use at once never does.
func TestLater(t *testing.T) {
	const mega = 1 << 20
	stack := image.VMA{Range: image.Range{Start: 512 * mega, End: 513 * mega}, Kind: image.Anonymous, Grows: true}
	img := &image.Image{VMAs: []image.VMA{{Range: image.Range{Start: 16 * mega, End: 80 * mega}, Kind: image.Anonymous}, stack}}
	robust := uint64(40*mega + 100)
	img.Threads = []image.Thread{{Robust: robust, RobustLen: 24}}
	guard := image.Range{Start: 40*mega + image.PageSize, End: 40*mega + 2*image.PageSize}
	img.Guards = []image.Range{guard}
	left := func(bytes uint64) []image.Range {
		return []image.Range{{Start: 40 * mega, End: 40*mega + bytes}, stack.Range}
	}
	for _, c := range []struct {
		name  string
		when  When
		bytes uint64
		rate  float64
		some  bool
	}{
		{"never", Never, 32 * mega, 0, false},
		{"little", Chosen, 2 * mega, 0, false},
		{"much", Chosen, 3 * mega, 0, true},
		{"little for a fast link", Chosen, 14 * mega, 1 << 30, false},
		{"much for a fast link", Chosen, 17 * mega, 1 << 40, true},
		{"much for a slow link", Chosen, mega / 4, 1 << 20, true},
		{"little for a slow link", Chosen, mega / 8, 1 << 20, false},
		{"always", Always, 4 * image.PageSize, 0, true},
	} {
		later := Later(img, left(c.bytes), c.when, c.rate)
		if (len(later) > 0) != c.some {
			t.Errorf("%s: %v", c.name, later)
		}
		page := image.Range{Start: robust &^ (image.PageSize - 1), End: robust&^(image.PageSize-1) + image.PageSize}
		if len(layout.Intersect(later, []image.Range{page, guard, stack.Range})) > 0 {
			t.Errorf("%s: %v has what must not be missing", c.name, later)
		}
	}
}

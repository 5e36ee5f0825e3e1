package missing

import (
	"testing"

	"openmosix/internal/model/image"

	"pgregory.net/rapid"
)

const page = image.PageSize

func pages(start, n uint64) image.Range {
	return image.Range{Start: start * page, End: (start + n) * page}
}

// What has been moved away and is still to come is needed where it was.
func TestLeftFrom(t *testing.T) {
	s := New([]image.Range{pages(10, 10)})
	if s.LeftFrom(pages(0, 100)) {
		t.Error("nothing has been moved")
	}
	s.Move(12*page, 50*page, 4*page)
	for name, c := range map[string]struct {
		r    image.Range
		left bool
	}{
		"all":       {pages(0, 100), true},
		"some":      {pages(15, 1), true},
		"not moved": {pages(16, 10), false},
		"where to":  {pages(50, 4), false},
		"elsewhere": {pages(0, 10), false},
	} {
		if s.LeftFrom(c.r) != c.left {
			t.Errorf("%s: %v", name, !c.left)
		}
	}
	s.Move(50*page, 12*page, 2*page)
	s.Remove(pages(53, 1))
	if s.LeftFrom(pages(12, 2)) || !s.LeftFrom(pages(14, 1)) || s.LeftFrom(pages(15, 1)) {
		t.Error("it does not follow")
	}
}

// A program does what programs do with memory while its pages come: each comes
// to where it is by then, once, and none that it has dropped.
func TestSetFollowsAProgram(t *testing.T) {
	const first, span = 400, 300 // across the border of a chunk
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) uint64 { return first + rapid.Uint64Range(0, span).Draw(t, name) }
		length := func() uint64 { return rapid.Uint64Range(1, 60).Draw(t, "length") }
		var ranges []image.Range
		truth := map[uint64]uint64{} // page now: its number at the beginning
		for range rapid.IntRange(0, 5).Draw(t, "ranges") {
			r := pages(at("start"), length())
			ranges = append(ranges, r)
			for a := r.Start; a < r.End; a += page {
				truth[a/page] = a / page
			}
		}
		s := New(ranges)
		asked, onTheWay := map[uint64]bool{}, []uint64{}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0: // munmap, madvise
				r := pages(at("drop"), length())
				s.Remove(r)
				for a := r.Start; a < r.End; a += page {
					delete(truth, a/page)
				}
			case 1: // mremap; the kernel lets the two not overlap
				from, to, n := at("from"), at("to"), length()
				if from < to+n && to < from+n {
					continue
				}
				s.Move(from*page, to*page, n*page)
				for i := range n {
					delete(truth, to+i)
					if origin, is := truth[from+i]; is {
						delete(truth, from+i)
						truth[to+i] = origin
					}
				}
			case 2:
				most := rapid.Uint64Range(0, 50).Draw(t, "most")
				r := pages(at("ask"), length())
				origins, next := s.Ask(r, most*page)
				var got uint64
				for _, o := range origins {
					for a := o.Start; a < o.End; a += page {
						if asked[a/page] {
							t.Fatalf("page %d is asked for again", a/page)
						}
						asked[a/page] = true
						onTheWay = append(onTheWay, a/page)
						got++
					}
				}
				var want uint64
				for a := r.Start; a < next; a += page {
					if origin, is := truth[a/page]; is {
						want++
						if !asked[origin] {
							t.Fatalf("page %d is left out", a/page)
						}
					}
				}
				if got > most || got > want {
					t.Fatalf("%d pages of %d missing, at most %d", got, want, most)
				}
			case 3: // some of what was asked for comes
				for len(onTheWay) > 0 && rapid.Bool().Draw(t, "comes") {
					origin := onTheWay[0]
					onTheWay = onTheWay[1:]
					var wanted uint64
					there := false
					for now, o := range truth {
						if o == origin {
							wanted, there = now, true
						}
					}
					now, ok := s.Now(origin * page)
					if ok != there || ok && now != wanted*page {
						t.Fatalf("page %d goes to %d, %v; want %d, %v", origin, now/page, ok, wanted, there)
					}
					if ok {
						s.Remove(image.Range{Start: now, End: now + page})
						delete(truth, wanted)
					}
				}
			}
			if a, any := s.First(pages(first, 1000)); any != (len(truth) > 0) || any && !s.Has(a) {
				t.Fatalf("the first is %d, %v", a/page, any)
			}
			if s.Pages() != uint64(len(truth)) {
				t.Fatalf("%d pages, want %d", s.Pages(), len(truth))
			}
			for a := uint64(first - 10); a < first+span+100; a++ {
				if _, is := truth[a]; s.Has(a*page) != is {
					t.Fatalf("page %d: %v, want %v", a, s.Has(a*page), is)
				}
			}
		}
	})
}

func TestSetOfAGigabyte(t *testing.T) {
	start := uint64(1<<40 + 5*page)
	s := New([]image.Range{{Start: start, End: start + 1<<30}})
	for a := start; a < start+1<<30; a += page {
		if !s.Has(a) {
			t.Fatalf("%#x is not missing", a)
		}
	}
	if s.Pages() != 1<<30/page || s.Has(start-page) || s.Has(start+1<<30) {
		t.Fatalf("%d pages", s.Pages())
	}
	s.Remove(image.Range{Start: 0, End: 1 << 47}) // a munmap may name anything
	if s.Pages() != 0 || len(s.order) != 0 || len(s.chunks) != 0 {
		t.Errorf("%d pages in %d chunks are left", s.Pages(), len(s.order))
	}
}

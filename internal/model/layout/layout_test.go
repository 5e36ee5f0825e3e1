package layout

import (
	"fmt"
	"testing"

	"openmosix/internal/model/image"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func anon(s, e uint64, prot uint8) image.VMA {
	return image.VMA{Range: image.Range{Start: s, End: e}, Prot: prot}
}

func TestDiff(t *testing.T) {
	file := func(s, e, off uint64, f uint32) image.VMA {
		v := anon(s, e, 1)
		v.Kind, v.Off, v.File = image.File, off, f
		return v
	}
	have := []image.VMA{anon(10, 20, 3), file(30, 40, 0, 1), anon(50, 60, 3), file(70, 80, 0, 2)}
	want := []image.VMA{anon(12, 25, 3), file(30, 36, 0, 1), anon(50, 55, 3), anon(55, 60, 1), file(70, 80, 5, 2)}
	advised := func(v image.VMA, a image.Advice) image.VMA { v.Advice = a; return v }
	have = append(have, anon(90, 100, 3), advised(anon(100, 120, 3), image.DontFork), advised(anon(130, 140, 3), image.Droppable))
	want = append(want, advised(anon(90, 110, 3), image.DontFork), anon(110, 120, 3), anon(130, 140, 3))
	var got []string
	for _, o := range Diff(have, want, func(a, b uint32) bool { return a == b }) {
		got = append(got, fmt.Sprintf("%s %d-%d kind %d off %d", [...]string{"unmap", "map", "protect", "grow", "advise"}[o.Action], o.Start, o.End, o.VMA.Kind, o.VMA.Off))
	}
	if d := cmp.Diff([]string{
		"unmap 10-12 kind 0 off 0", "unmap 36-40 kind 0 off 0", "unmap 70-80 kind 0 off 0", "unmap 130-140 kind 0 off 0",
		"map 20-25 kind 0 off 0", "protect 55-60 kind 0 off 0", "map 70-80 kind 1 off 5",
		"advise 90-100 kind 0 off 0", "advise 110-120 kind 0 off 0", "map 130-140 kind 0 off 0",
	}, got); d != "" {
		t.Error(d)
	}
}

// The kernel's own pages stay where they are wanted; what the program has unmapped of them goes.
func TestDiffSpecial(t *testing.T) {
	special := func(s, e uint64) image.VMA { v := anon(s, e, 1); v.Kind = image.Special; return v }
	for name, c := range map[string]struct {
		have, want []image.VMA
		ops        []Action
	}{
		"wanted":        {[]image.VMA{special(10, 20)}, []image.VMA{special(10, 20)}, nil},
		"not there":     {nil, []image.VMA{special(10, 20)}, nil},
		"unmapped":      {[]image.VMA{special(10, 20), special(20, 30)}, []image.VMA{special(10, 20)}, []Action{Unmap}},
		"another there": {[]image.VMA{special(10, 20)}, []image.VMA{anon(10, 20, 3)}, []Action{Unmap, Map}},
	} {
		var got []Action
		for _, o := range Diff(c.have, c.want, func(a, b uint32) bool { return a == b }) {
			got = append(got, o.Action)
		}
		if d := cmp.Diff(c.ops, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// What is wanted below a mapping that grows downwards is that mapping, grown.
func TestDiffGrows(t *testing.T) {
	grows := func(s, e uint64) image.VMA { v := anon(s, e, 3); v.Grows = true; return v }
	for name, c := range map[string]struct {
		have, want []image.VMA
		ops        int
		action     Action
	}{
		"grown":             {[]image.VMA{grows(50, 60)}, []image.VMA{grows(40, 60)}, 1, Grow},
		"another below":     {[]image.VMA{grows(50, 60)}, []image.VMA{anon(40, 50, 3), grows(50, 60)}, 1, Map},
		"with a gap":        {[]image.VMA{grows(50, 60)}, []image.VMA{grows(30, 40), grows(50, 60)}, 1, Map},
		"not there yet":     {nil, []image.VMA{grows(40, 60)}, 1, Map},
		"ordinary memory":   {[]image.VMA{anon(50, 60, 3)}, []image.VMA{grows(40, 60)}, 1, Map},
		"shrunk from below": {[]image.VMA{grows(40, 60)}, []image.VMA{grows(50, 60)}, 1, Unmap},
	} {
		ops := Diff(c.have, c.want, func(a, b uint32) bool { return a == b })
		if len(ops) != c.ops || ops[0].Action != c.action {
			t.Errorf("%s: %v", name, ops)
		}
	}
	want := grows(40, 60)
	want.Advice = image.Locked // the part that has grown, too
	if ops := Diff([]image.VMA{grows(50, 60)}, []image.VMA{want}, func(a, b uint32) bool { return a == b }); len(ops) != 2 || ops[1].Action != Advise || ops[1].Range != want.Range {
		t.Errorf("grown and locked: %v", ops)
	}
	vmas := []image.VMA{anon(40, 60, 3), anon(70, 80, 3)}
	MarkGrowing(vmas, []image.Range{{Start: 50, End: 60}})
	if !vmas[0].Grows || vmas[1].Grows || len(Growing(vmas)) != 1 {
		t.Errorf("marked %v", vmas)
	}
}

// What is known of places holds for the mappings that are there now, however they have grown.
func TestMarkAdvice(t *testing.T) {
	vmas := []image.VMA{anon(10, 30, 3), anon(30, 35, 3), anon(35, 50, 3), anon(60, 70, 3)}
	vmas[2].Kind = image.Special
	known := []Advised{{image.Range{Start: 5, End: 8}, image.DontDump}, {image.Range{Start: 20, End: 30}, image.HugePages}, {image.Range{Start: 33, End: 65}, image.DontFork}}
	MarkAdvice(vmas, known)
	var got []image.Advice
	for _, v := range vmas {
		got = append(got, v.Advice)
	}
	if d := cmp.Diff([]image.Advice{image.HugePages, image.DontFork, 0, image.DontFork}, got); d != "" {
		t.Error(d)
	}
	if a := WithoutAdvice(append(known, Advised{image.Range{Start: 90, End: 99}, image.Locks | image.DontDump}), image.Locks|image.DontFork); len(a) != 3 || a[2].Advice != image.DontDump || known[2].Advice != image.DontFork {
		t.Error(a, known)
	}
	if a := AdviceOf(vmas); len(a) != 3 || a[2] != (Advised{vmas[3].Range, image.DontFork}) {
		t.Error(a)
	}
}

// Applying the steps to a model of an address space gives the wanted one.
func TestDiffReachesTheGoal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []image.VMA {
			var vs []image.VMA
			at := uint64(0)
			for i := range rapid.IntRange(0, 8).Draw(t, name) {
				s := at + uint64(rapid.IntRange(0, 3).Draw(t, fmt.Sprint(name, i)))
				e := s + uint64(rapid.IntRange(1, 5).Draw(t, fmt.Sprint(name, i)))
				v := anon(s, e, uint8(rapid.IntRange(0, 7).Draw(t, "prot")))
				if rapid.Bool().Draw(t, "file") {
					v.Kind, v.File, v.Off = image.File, uint32(rapid.IntRange(0, 1).Draw(t, "f")), s
				}
				vs = append(vs, v)
				at = e
			}
			return vs
		}
		have, want := draw("have"), draw("want")
		page := map[uint64]string{}
		set := func(m map[uint64]string, v image.VMA) {
			for a := v.Start; a < v.End; a++ {
				m[a] = fmt.Sprint(v.Kind, v.File, v.Prot)
				if v.Kind == image.Anonymous {
					m[a] = fmt.Sprint(v.Kind, 0, v.Prot)
				}
			}
		}
		for _, v := range have {
			set(page, v)
		}
		for _, o := range Diff(have, want, func(a, b uint32) bool { return a == b }) {
			if o.Action == Unmap {
				for a := o.Start; a < o.End; a++ {
					delete(page, a)
				}
				continue
			}
			set(page, o.VMA)
		}
		goal := map[uint64]string{}
		for _, v := range want {
			set(goal, v)
		}
		if d := cmp.Diff(goal, page); d != "" {
			t.Fatal(d)
		}
	})
}

func TestSetOperations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) ([]image.Range, map[uint64]bool) {
			var rs []image.Range
			m := map[uint64]bool{}
			for range rapid.IntRange(0, 6).Draw(t, n) {
				s := uint64(rapid.IntRange(0, 30).Draw(t, "s"))
				e := s + uint64(rapid.IntRange(0, 6).Draw(t, "l"))
				rs = append(rs, image.Range{Start: s, End: e})
				for a := s; a < e; a++ {
					m[a] = true
				}
			}
			return Union(rs), m
		}
		a, am := draw("a")
		b, bm := draw("b")
		check := func(name string, rs []image.Range, in func(uint64) bool) {
			m := map[uint64]bool{}
			for _, r := range rs {
				for x := r.Start; x < r.End; x++ {
					m[x] = true
				}
			}
			for x := uint64(0); x < 40; x++ {
				if m[x] != in(x) {
					t.Fatalf("%s of %v and %v: %v, wrong at %d", name, a, b, rs, x)
				}
			}
		}
		check("union", Union(a, b), func(x uint64) bool { return am[x] || bm[x] })
		check("difference", Subtract(a, b), func(x uint64) bool { return am[x] && !bm[x] })
		check("intersection", Intersect(a, b), func(x uint64) bool { return am[x] && bm[x] })
	})
}

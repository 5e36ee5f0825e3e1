package course

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// run makes a run of words: those in capitals are steps. It gives, for each, what was foreseen behind it.
func run(t *Table, words string) string {
	r, out := t.Begin("program"), ""
	for w := range strings.FieldsSeq(words) {
		if strings.ToUpper(w) == w {
			r.Step(w)
		} else {
			r.Asked(w)
		}
		if f := r.Foresee(32); len(f) > 0 {
			out += fmt.Sprint(w, f)
		}
	}
	r.Step("END")
	return out
}

func TestForesees(t *testing.T) {
	var table Table
	for i, c := range []struct{ words, foreseen string }{
		{"A x y x y A z", ""},
		{"A x y n1 x y A z", ""},
		{"A x y n2 x y A z", "A[x y x y]x[y x y]y[x y]n2[x y]x[y]A[z]"}, // what comes twice, and a name that is another each time
		{"A x y n3 x y", "A[x y x y]x[y x y]y[x y]n3[x y]x[y]"},
		{"A x y", "A[x y x y]x[y x y]y[x y]"},
		{"A x y", "A[x y x y]x[y x y]y[x y]"},
		{"A x y", "A[x y]x[y]"}, // no longer
		{"B x", ""},             // another step
		{"A B x", "A[x y]"},     // ... and the same behind another one
		{"A B x A z", "A[x y]"},
		{"A B y", "B[x]y[x]"},
	} {
		if got := run(&table, c.words); got != c.foreseen {
			t.Errorf("run %d, %s: %s, not %s", i, c.words, got, c.foreseen)
		}
	}
}

// What was told and used counts as asked; what was not used is not told for ever.
func TestUsed(t *testing.T) {
	var table Table
	for range 2 {
		run(&table, "A x y z")
	}
	for i := range 3 {
		r := table.Begin("program")
		r.Step("A")
		f := r.Foresee(2)
		want, then := []string{"x"}, []string{}
		if i == 0 {
			want, then = []string{"x", "y"}, []string{"y", "z"}
		}
		if !slices.Equal(f, want) {
			t.Errorf("round %d: %v", i, f)
		}
		r.Used(1)
		if f = r.Foresee(32); !slices.Equal(f, then) {
			t.Errorf("round %d: then %v", i, f)
		}
		r.Step("END")
	}
}

// Whatever is said, it stays within its bounds, and what is foreseen has been asked twice.
func TestAnyRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		count := map[string]int{}
		for range rapid.IntRange(1, 6).Draw(t, "runs") {
			r := table.Begin(rapid.SampledFrom([]string{"p", "q"}).Draw(t, "program"))
			for range rapid.IntRange(0, 30).Draw(t, "length") {
				q := rapid.SampledFrom([]string{"a", "b", "c", strings.Repeat("l", maxLength+1)}).Draw(t, "question")
				switch rapid.IntRange(0, 3).Draw(t, "what") {
				case 0:
					r.Step(q)
				case 1:
					r.Asked(q)
					count[q]++
				case 2:
					for _, f := range r.Foresee(rapid.IntRange(0, 40).Draw(t, "most")) {
						if count[f] < 2 {
							t.Fatalf("%s is foreseen, and was asked %d times", f, count[f])
						}
					}
				default:
					r.Used(rapid.Uint32().Draw(t, "used"))
				}
				if r.at != nil && (len(r.at.all) > maxQuestions || r.next > len(r.plan)) {
					t.Fatalf("%+v", r)
				}
			}
		}
	})
}

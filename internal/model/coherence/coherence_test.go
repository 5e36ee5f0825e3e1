package coherence

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestOnePageGoesRound(t *testing.T) {
	d := New()
	check := func(what string, got []Action, want ...Action) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	came := func(from Party) []Action {
		t.Helper()
		acts, err := d.Came(7, from)
		if err != nil {
			t.Error(err)
		}
		return acts
	}
	check("home has it", d.Wants(7, Home))
	check("1 wants it", d.Wants(7, 1), Action{Take, 7, Home})
	check("again", d.Wants(7, 1))
	check("2 too", d.Wants(7, 2))
	check("home gives it", came(Home), Action{Put, 7, 1}, Action{Take, 7, 1})
	check("home wants it back", d.Wants(7, Home))
	check("1 gives it", came(1), Action{Put, 7, 2}, Action{Take, 7, 2})
	if _, err := d.Came(7, 1); err == nil {
		t.Error("1 gave it twice")
	}
	check("2 is gone", d.Lost(2), Action{Put, 7, Home})
	if d.Away() != 0 || len(d.pages) != 0 {
		t.Errorf("%d pages are away", d.Away())
	}
	check("3 wants it", d.Wants(7, 3), Action{Take, 7, Home})
	check("home gives it", came(Home), Action{Put, 7, 3})
	check("3 returns it", came(3), Action{Put, 7, Home})
	if _, err := d.Came(8, 3); err == nil {
		t.Error("3 gave what it never had")
	}
}

// Whatever happens, a page is with one party, whoever has it is asked for it as long as others
// wait, and everybody who waits gets it.
func TestNobodyWaitsForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const parties, pages = 4, 3
		d := New()
		has := map[uint64]map[Party]bool{} // contents; on its way counts as there
		for n := range uint64(pages) {
			has[n] = map[Party]bool{Home: true}
		}
		var asked []Action // that are not answered
		waits := map[[2]uint64]bool{}
		do := func(acts []Action) {
			for _, a := range acts {
				switch a.Verb {
				case Put:
					if len(has[a.Page]) != 0 {
						t.Fatalf("page %d is put at %d while others have it: %v", a.Page, a.To, has[a.Page])
					}
					has[a.Page][a.To] = true
					delete(waits, [2]uint64{a.Page, uint64(a.To)})
				case Take:
					asked = append(asked, a)
				}
			}
		}
		give := func(n uint64, from Party) {
			if !has[n][from] {
				return
			}
			delete(has[n], from)
			acts, err := d.Came(n, from)
			if err != nil {
				t.Fatal(err)
			}
			if len(acts) == 0 { // stays at home
				has[n][from] = true
			}
			do(acts)
		}
		answer := func(i int) {
			a := asked[i]
			asked = append(asked[:i], asked[i+1:]...)
			give(a.Page, a.To)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			n, who := rapid.Uint64Range(0, pages-1).Draw(t, "page"), Party(rapid.IntRange(0, parties-1).Draw(t, "party"))
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 4:
				do(d.Pin())
			case 5:
				do(d.Unpin())
			case 0, 1:
				if !has[n][who] {
					waits[[2]uint64{n, uint64(who)}] = true
					do(d.Wants(n, who))
				}
			case 2:
				if len(asked) > 0 {
					answer(rapid.IntRange(0, len(asked)-1).Draw(t, "which"))
				}
			case 3:
				if who == Home {
					continue
				}
				for n := range uint64(pages) {
					delete(waits, [2]uint64{n, uint64(who)})
					delete(has[n], who)
				}
				var rest []Action
				for _, a := range asked {
					if a.To != who {
						rest = append(rest, a)
					}
				}
				asked = rest
				do(d.Lost(who))
			}
		}
		settle := func() {
			for i := 0; len(asked) > 0; i++ {
				if i > 1000 {
					t.Fatal("there is no end")
				}
				answer(0)
			}
		}
		do(d.Pin())
		settle()
		if d.Away() != 0 {
			t.Fatalf("%d pages are away although they are to stay at home", d.Away())
		}
		do(d.Unpin())
		settle()
		if len(waits) > 0 {
			t.Fatalf("these wait for ever: %v", waits)
		}
		for n := range uint64(pages) {
			if len(has[n]) != 1 || !has[n][d.Holder(n)] {
				t.Fatalf("page %d is with %v, and not with %d", n, has[n], d.Holder(n))
			}
		}
	})
}

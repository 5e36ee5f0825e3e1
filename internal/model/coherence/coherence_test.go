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
		d.Tick()
		for i := range got {
			got[i].Grant = 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	came := func(from Party, word Word) []Action {
		t.Helper()
		p := d.pages[7]
		grant := p.grant
		if g, reads := p.readers[from]; reads {
			grant = g
		}
		acts, _ := d.Came(7, from, word, grant)
		return acts
	}
	check("home has it", d.Wants(7, Home, true, false))
	check("1 wants it", d.Wants(7, 1, true, false), Action{Verb: Take, Page: 7})
	check("again", d.Wants(7, 1, true, false))
	check("2 too", d.Wants(7, 2, true, false))
	check("a guess", d.Wants(7, 3, false, true))
	check("home gives it", came(Home, Gave), Action{Verb: Put, Page: 7, To: 1}, Action{Verb: Take, Page: 7, To: 1})
	check("1 gives it", came(1, Gave), Action{Verb: Put, Page: 7, To: 2})
	if _, news := d.Came(7, 1, Gave, 1); news {
		t.Error("1 gave it twice")
	}
	check("3 reads it", d.Wants(7, 3, false, false), Action{Verb: Share, Page: 7, To: 2})
	check("2 reads it only", came(2, Kept), Action{Verb: Lend, Page: 7}, Action{Verb: Lend, Page: 7, To: 3})
	check("1 reads it", d.Wants(7, 1, false, true), Action{Verb: Lend, Page: 7, To: 1})
	check("3 writes it", d.Wants(7, 3, true, false), Action{Verb: Take, Page: 7}, Action{Verb: Drop, Page: 7, To: 1}, Action{Verb: Drop, Page: 7, To: 2})
	check("1 drops it", came(1, Dropped))
	check("home gives it", came(Home, Gave))
	check("2 drops it", came(2, Dropped), Action{Verb: Own, Page: 7, To: 3})
	_, written := d.Lost(3)
	if written != 1 || d.Away() != 0 || !d.Quiet() {
		t.Errorf("%d pages are away, %d were lost", d.Away(), written)
	}
	if acts, news := d.Came(8, 3, Gave, 0); news || acts != nil {
		t.Error("3 gave what it never had")
	}
}

// What a party says of an earlier grant, or of none, changes nothing: it is said of what it has not any more.
func TestEarlierGrants(t *testing.T) {
	const n = 7
	d := New()
	grant := func(acts []Action, verb Verb, to Party) uint64 {
		t.Helper()
		d.Tick()
		for _, a := range acts {
			if a.Verb == verb && a.To == to {
				return a.Grant
			}
		}
		t.Fatalf("%v: nothing of %d to %d", acts, verb, to)
		return 0
	}
	came := func(from Party, word Word, grant uint64) []Action {
		acts, _ := d.Came(n, from, word, grant)
		d.Tick()
		return acts
	}
	ignored := func(what string, from Party, word Word, grants ...uint64) {
		t.Helper()
		for _, grant := range grants {
			before, waits := d.Holder(n), d.Asked(n, from)
			acts, news := d.Came(n, from, word, grant)
			if len(acts) > 0 || news || d.Holder(n) != before || d.Asked(n, from) != waits {
				t.Errorf("%s, %d by %d: %v", what, word, grant, acts)
			}
		}
	}
	d.Tick()
	d.Wants(n, 1, true, false)
	first := grant(came(Home, Gave, 0), Put, 1)
	d.Wants(n, Home, false, false)
	acts := came(1, Kept, first)
	grant(acts, Lend, Home)
	// 1 reads it, by the grant it had; it drops it, and wants to write it before that is heard.
	d.Wants(n, 1, true, false)
	second := grant(came(Home, Gave, 0), Own, 1)
	ignored("1 had it to read before", 1, Dropped, first, second+1)
	ignored("1 had it to write before", 1, Gave, first, second+1)
	ignored("1 could write it before", 1, Kept, first, second+1)
	d.Wants(n, 2, false, false) // and waits for what 1 says of this grant
	ignored("1 is asked for it", 1, Dropped, first, second+1)
	acts = came(1, Dropped, second) // it was not there any more
	lent := grant(acts, Lend, 2)
	// A reader as well.
	d.Wants(n, 3, true, false)
	ignored("2 has never had it", 2, Dropped, first, second, lent-1, lent+1)
	ignored("2 may not write it", 2, Gave, lent-1, lent+1)
	came(Home, Gave, 0)
	grant(came(2, Dropped, lent), Put, 3)
	ignored("2 has it no more", 2, Dropped, lent)
	if d.Holder(n) != 3 {
		t.Errorf("%d has it", d.Holder(n))
	}
}

// rights of a party to a page.
type rights struct {
	write    bool
	grant    uint64
	contents int
}

// world is what a Directory's actions do: parties with contents, and messages on their way, in order to and from each party.
type world struct {
	t     *rapid.T
	d     *Directory
	has   map[uint64]map[Party]*rights
	aside map[uint64]int // what home keeps aside
	last  map[uint64]int // what was written last
	to    map[Party][]told
	from  map[Party][]said
	waits map[uint64]map[Party]bool // true: to write
}

type told struct {
	Action
	contents int
}

type said struct {
	page     uint64
	word     Word
	grant    uint64
	contents int
	wants    *wanted // it is this instead
}

type wanted struct{ write, guess bool }

func (w *world) do(acts []Action) {
	for _, a := range acts {
		contents := w.aside[a.Page]
		if h := w.has[a.Page][Home]; h != nil {
			contents = h.contents
		}
		w.to[a.To] = append(w.to[a.To], told{a, contents})
		for len(w.to[Home]) > 0 { // home hears at once
			w.hears(Home)
		}
	}
}

// hears has a party do the first of what it was told.
func (w *world) hears(who Party) {
	a := w.to[who][0]
	w.to[who] = w.to[who][1:]
	has := w.has[a.Page]
	mine := has[who]
	switch a.Verb {
	case Put, Lend:
		if mine != nil && mine.write {
			w.t.Fatalf("page %d is put where it can be written", a.Page)
		}
		has[who] = &rights{a.Verb == Put, a.Grant, a.contents}
	case Own:
		if mine == nil { // it has just dropped it
			w.says(who, said{page: a.Page, word: Dropped, grant: a.Grant})
			return
		}
		mine.write, mine.grant = true, a.Grant
	case Take, Drop:
		if mine != nil {
			w.gives(who, a.Page)
		}
		return
	case Share:
		if mine != nil && mine.write {
			mine.write = false
			w.says(who, said{page: a.Page, word: Kept, grant: mine.grant, contents: mine.contents})
		}
		return
	}
	if has[who].write || !w.waits[a.Page][who] {
		delete(w.waits[a.Page], who)
	}
	w.alone(a.Page)
}

// alone: who may write is the only one, and what is read was written last.
func (w *world) alone(n uint64) {
	for who, r := range w.has[n] {
		if r.write && len(w.has[n]) != 1 {
			w.t.Fatalf("page %d can be written by %d while others have it: %v", n, who, len(w.has[n]))
		}
		if r.contents != w.last[n] {
			w.t.Fatalf("page %d has %d at %d, and %d was written last", n, r.contents, who, w.last[n])
		}
	}
}

func (w *world) gives(who Party, n uint64) {
	r := w.has[n][who]
	delete(w.has[n], who)
	word := Dropped
	if r.write || who == Home {
		word = Gave
	}
	w.says(who, said{page: n, word: word, grant: r.grant, contents: r.contents})
}

func (w *world) says(who Party, s said) {
	w.from[who] = append(w.from[who], s)
}

// tells has home hear the first of what a party said: what it wants as well, which comes behind what it gave before.
func (w *world) tells(who Party) {
	s := w.from[who][0]
	w.from[who] = w.from[who][1:]
	w.d.Tick()
	if s.wants != nil {
		w.do(w.d.Wants(s.page, who, s.wants.write, s.wants.guess))
		return
	}
	acts, news := w.d.Came(s.page, who, s.word, s.grant)
	if news {
		w.aside[s.page] = s.contents
	}
	w.do(acts)
}

// Whatever happens, a page is with one party that may write it, or with some that may not; nothing that was
// written is lost, but with who wrote it; and everybody who waits gets it.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const parties, pages = 4, 3
		w := &world{t: t, d: New(), has: map[uint64]map[Party]*rights{}, aside: map[uint64]int{}, last: map[uint64]int{}, to: map[Party][]told{}, from: map[Party][]said{}, waits: map[uint64]map[Party]bool{}}
		for n := range uint64(pages) {
			w.has[n], w.waits[n] = map[Party]*rights{Home: {write: true}}, map[Party]bool{}
		}
		settle := func() {
			for i := 0; ; i++ {
				if i > 10000 {
					t.Fatal("there is no end")
				}
				some := false
				for who := range Party(parties) {
					if len(w.to[who]) > 0 {
						w.hears(who)
						some = true
					}
					if len(w.from[who]) > 0 {
						w.tells(who)
						some = true
					}
				}
				if !some {
					return
				}
			}
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			n, who := rapid.Uint64Range(0, pages-1).Draw(t, "page"), Party(rapid.IntRange(0, parties-1).Draw(t, "party"))
			w.d.Tick()
			switch step := rapid.IntRange(0, 9).Draw(t, "step"); step {
			case 0, 1:
				if r := w.has[n][who]; r == nil || step == 0 && !r.write {
					w.waits[n][who] = w.waits[n][who] || step == 0
					w.says(who, said{page: n, wants: &wanted{write: step == 0}})
				}
			case 2:
				w.says(who, said{page: n, wants: &wanted{write: rapid.Bool().Draw(t, "write"), guess: true}})
			case 3, 4:
				if len(w.to[who]) > 0 {
					w.hears(who)
				}
			case 5, 6:
				if len(w.from[who]) > 0 {
					w.tells(who)
				}
			case 7: // it writes, or gives up what it has
				r := w.has[n][who]
				switch {
				case r != nil && r.write && rapid.Bool().Draw(t, "writes"):
					w.last[n]++
					r.contents = w.last[n]
				case r != nil && who != Home:
					w.gives(who, n)
					delete(w.waits[n], who)
				}
			case 8:
				if rapid.Bool().Draw(t, "pin") {
					w.do(w.d.Pin())
				} else {
					w.do(w.d.Unpin())
				}
			case 9:
				if who == Home || rapid.IntRange(0, 3).Draw(t, "lost") > 0 {
					continue
				}
				w.to[who], w.from[who] = nil, nil
				for n := range uint64(pages) {
					delete(w.waits[n], who)
					delete(w.has[n], who)
					if w.d.Holder(n) == who {
						w.last[n] = w.aside[n]
					}
				}
				acts, _ := w.d.Lost(who)
				w.do(acts)
			}
		}
		w.d.Tick()
		w.do(w.d.Pin())
		settle()
		if w.d.Away() != 0 {
			t.Fatalf("%d pages are away although they are to stay at home", w.d.Away())
		}
		for n := range uint64(pages) {
			if r := w.has[n][Home]; len(w.has[n]) != 1 || r == nil || !r.write || r.contents != w.last[n] {
				t.Fatalf("page %d is not at home", n)
			}
		}
		w.d.Tick()
		w.do(w.d.Unpin())
		settle()
		for n := range uint64(pages) {
			if len(w.waits[n]) > 0 {
				t.Fatalf("these wait for ever for page %d: %v", n, w.waits[n])
			}
			if len(w.has[n]) == 0 {
				t.Fatalf("nobody has page %d", n)
			}
			w.alone(n)
		}
	})
}

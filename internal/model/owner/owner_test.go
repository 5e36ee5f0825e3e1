package owner

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var rules = Rules{First: true, After: 4 * time.Second, Calm: 6 * time.Second}

// TestStories runs the stories in testdata: each line is for how many seconds what is
// seen, and behind the arrow what came of it, second by second.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		var s State
		for line := range strings.Lines(string(text)) {
			said, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " →")
			said = strings.TrimRight(said, " ")
			if said == "" || said[0] == '#' {
				fmt.Fprintln(&got, said)
				continue
			}
			var seconds int
			in := Input{Spare: 64 << 20, Available: 1 << 30}
			if _, err := fmt.Sscanf(said, "%d s: %d cpus, owner %d, guests %d of %d", &seconds, &in.CPUs, &in.Owner, &in.Guests, &in.Present); err != nil {
				t.Fatalf("%s: %q: %v", path, said, err)
			}
			in.Leaving = strings.Contains(said, "leaving")
			if strings.Contains(said, "no memory") {
				in.Available = 1 << 20
			}
			fmt.Fprint(&got, said, " →")
			for range seconds {
				var a Actions
				s, a = s.Step(in, rules, time.Second)
				fmt.Fprint(&got, " ", s.Phase, map[Leave]string{Nobody: "", Busiest: "/busiest", Largest: "/largest"}[a.Leave])
				if a.CPUs > 0 {
					fmt.Fprintf(&got, "/%.2f", a.CPUs)
				}
			}
			fmt.Fprintln(&got)
		}
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got.String() != string(text) {
			t.Errorf("%s: got\n%s", path, got.String())
		}
	}
}

// Whatever happens: nobody is sent off while one is leaving, nor without a
// reason; what was wanted long enough ends in an eviction; and calm ends all.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		wanted := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			in := Input{
				CPUs: rapid.IntRange(1, 4).Draw(t, "cpus"), Owner: rapid.IntRange(0, 4).Draw(t, "owner"), Guests: rapid.IntRange(0, 4).Draw(t, "guests"),
				Present: rapid.IntRange(0, 2).Draw(t, "present"), Leaving: rapid.Bool().Draw(t, "leaving"),
				Available: rapid.Uint64Range(0, 2).Draw(t, "available"), Spare: 1,
			}
			var a Actions
			s, a = s.Step(in, rules, time.Second)
			if in.Owner > 0 && in.Guests > 0 && in.Owner+in.Guests > in.CPUs {
				wanted++
			} else {
				wanted = 0
			}
			if a.Leave != Nobody && (in.Leaving || in.Present == 0 || a.Why == "") {
				t.Fatalf("%+v: %+v", in, a)
			}
			if wanted >= 4 && s.Phase != Evicting {
				t.Fatalf("wanted for %d s and %v", wanted, s.Phase)
			}
			if a.Leave == Busiest && wanted == 0 {
				t.Fatalf("somebody is sent off though nothing is wanted")
			}
			if a.CPUs < 0 || a.CPUs > float64(in.CPUs) {
				t.Fatalf("a ceiling of %v with %d CPUs", a.CPUs, in.CPUs)
			}
		}
		for range 7 {
			s, _ = s.Step(Input{CPUs: 1}, rules, time.Second)
		}
		if s.Phase != Free {
			t.Fatalf("after the calm: %v", s.Phase)
		}
	})
}

func TestOwnerLast(t *testing.T) {
	var s State
	var a Actions
	for range 100 {
		s, a = s.Step(Input{CPUs: 1, Owner: 5, Guests: 5, Present: 5, Available: 1}, Rules{After: 4 * time.Second}, time.Second)
	}
	if s.Phase != Free || a != (Actions{Accept: true}) {
		t.Errorf("%v, %+v", s.Phase, a)
	}
}

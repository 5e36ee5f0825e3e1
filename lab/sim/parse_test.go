package sim

import (
	"strings"
	"testing"
)

func TestErrorsNameTheLine(t *testing.T) {
	const fine = "nodes 2\njobs a arrive burst 1\npolicies stay\n"
	for text, want := range map[string]string{
		"":                                       "there are no nodes",
		"nodes 2\n":                              "there are no jobs",
		"nodes 2\njobs a arrive burst 1":         "nothing to compare",
		"# x\n\nfoo 3":                           `line 3: what is "foo"?`,
		"nodes":                                  "line 1: something is missing at the end",
		"nodes 0":                                `line 1: "0" is no number in 1…100000`,
		"nodes 2 cpu 3":                          `line 1: "cpu" stands where one of cpus, speed, mem, owner-first should`,
		"nodes 2 mem 4X":                         `line 1: "4X" is no number`,
		"nodes 2 mem 4kM":                        `line 1: "4kM" has no unit`,
		"runs 1 2":                               `line 1: "2" is too much`,
		"jobs a life 3s":                         "line 1: when do they arrive?",
		"jobs a arrive poisson 0s":               "line 1: 0s between two arrivals is too little",
		"jobs a arrive burst 1 life pareto 1 1s": "line 1: pareto with alpha 1 has no mean: say max",
		"jobs a arrive burst 1 at home":          "line 1: jobs come at random",
		"policies best":                          `line 1: there is no policy "best"`,
		fine + "at 3s node 9 dies":               "something happens at node 9, and there are 2",
		"nodes 2\njobs a arrive burst 1 at 3\npolicies stay": "jobs a come at node 3, and there are 2",
		"information telepathy":                              `line 1: "telepathy" stands where one of now, delay, gossip should`,
		"duration 1e300":                                     "line 1",
	} {
		if _, err := Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := Parse(strings.NewReader(fine)); err != nil {
		t.Error(err)
	}
}

// FuzzParse: whatever is read is refused, or within the bounds.
func FuzzParse(f *testing.F) {
	for _, n := range Scenarios() {
		if text, err := library.ReadFile("scenarios/" + n + ".txt"); err == nil {
			f.Add(string(text))
		}
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		if n := s.nodes(); n < 1 || n > maxNodes || s.Runs < 1 || s.Runs > MaxRuns || s.Duration < 0 || len(s.Policies) == 0 {
			t.Fatalf("%+v", s)
		}
		for _, j := range s.Jobs {
			for _, d := range []Dist{j.Life, j.Memory, j.Wants, j.Calls, j.CallBytes, j.Growth, j.GrownTo} {
				if err := d.check(); err != nil {
					t.Fatalf("%+v: %v", d, err)
				}
			}
		}
	})
}

package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func scenario(t *testing.T, name string) *Scenario {
	t.Helper()
	f, err := OpenScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Parse(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func compute(t *testing.T, s *Scenario) *Report {
	t.Helper()
	r, err := Compute(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parsed(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPublishedOrder is the published comparison in a hundred scenarios, and
// says that our policy is ahead of what was published.
func TestPublishedOrder(t *testing.T) {
	s := scenario(t, "assignment-comparison")
	s.Runs = 100
	if testing.Short() {
		s.Runs = 30
	}
	s.Policies = []string{"pvm", "epvm", "mosix", "openmosix-unplaced", "openmosix"}
	r := compute(t, s)
	for i, p := range r.Policies {
		t.Logf("%s: %.3f, %.3f of PVM", p.Policy, p.Slowdown, p.Ratio)
		if p.Finished != p.Started || p.Unfinished != 0 || p.Lost != 0 {
			t.Errorf("%s: of %d jobs %d ended, %d were lost", p.Policy, p.Started, p.Finished, p.Lost)
		}
		if i > 0 && p.Slowdown >= r.Policies[i-1].Slowdown {
			t.Errorf("%s is not ahead of %s", p.Policy, r.Policies[i-1].Policy)
		}
	}
	// Published: E-PVM 0.68 of PVM, Mosix 0.60.
	if e := r.Policies[1].Ratio; math.Abs(e-0.68) > 0.05 {
		t.Errorf("Enhanced PVM has %.3f of PVM's slowdown", e)
	}
	if m := r.Policies[2].Ratio; math.Abs(m-0.60) > 0.08 {
		t.Errorf("Mosix has %.3f of PVM's slowdown", m)
	}
}

// TestSameSeed: the same scenario gives the same bytes, another seed others.
func TestSameSeed(t *testing.T) {
	text := func(s *Scenario) string {
		r := compute(t, s)
		var b bytes.Buffer
		if err := r.Print(&b); err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&b).Encode(r); err != nil {
			t.Fatal(err)
		}
		for _, format := range Formats {
			if err := r.Plot(&b, format); err != nil {
				t.Fatal(err)
			}
		}
		return b.String()
	}
	for _, information := range []string{"information now", "information delay 2s", "information gossip keep 5"} {
		s := parsed(t, small+information)
		first := text(s)
		if again := text(s); again != first {
			t.Errorf("%s: differs from itself", information)
		}
		s.Seed++
		if text(s) == first {
			t.Errorf("%s: the seed makes no difference", information)
		}
	}
}

const small = `
title small
runs 3
duration 60s
nodes 4 cpus 2 mem 1G
nodes 2 speed 20000 mem 1G owner-first
jobs a arrive poisson 1s at 1 life pareto 1.5 1s max 100s mem exp 50M calls 20
jobs b arrive every 5s at round-robin life hyper 0.9 1s 20s mem 10M grows 5M to 300M
jobs c arrive burst 10 at random life uniform 1s 2s wants 0.5 hint io
at 20s node 3 dies
at 25s node 5 owner 1
at 30s node 6 quiet 1
at 35s node 2 blocks 1
policies stay pvm epvm mosix emosix openmosix openmosix-unplaced
`

// TestNothingIsLost: every job that has come has ended, is lost with a node, or is
// still there; work is done no faster than processors allow.
func TestNothingIsLost(t *testing.T) {
	for _, p := range compute(t, parsed(t, small)).Policies {
		if p.Started != p.Finished+p.Lost+p.Unfinished || p.Unfinished != 0 || p.Started == 0 {
			t.Errorf("%s: %d came, %d ended, %d were lost, %d are left", p.Policy, p.Started, p.Finished, p.Lost, p.Unfinished)
		}
		if p.Lost == 0 && p.Policy != "openmosix" && p.Policy != "emosix" {
			t.Logf("%s lost nothing with node 3", p.Policy)
		}
		if p.Utilisation > 1 || p.Slowdown < 1 {
			t.Errorf("%s: utilisation %v, slowdown %v", p.Policy, p.Utilisation, p.Slowdown)
		}
	}
}

// TestByHand checks what can be computed by hand.
func TestByHand(t *testing.T) {
	for _, c := range []struct {
		name, text string
		makespan   float64
		slowdown   float64
	}{
		{"alone", "nodes 1\njobs a arrive burst 1 at 1 life 10s mem 1M\npolicies stay", 10, 1},
		{"two share", "nodes 1\njobs a arrive burst 2 at 1 life 10s mem 1M\npolicies stay", 20, 2},
		{"two CPUs", "nodes 1 cpus 2\njobs a arrive burst 2 at 1 life 10s mem 1M\npolicies stay", 10, 1},
		{"half speed", "nodes 1 speed 5000\njobs a arrive burst 1 at 1 life 10s mem 1M\npolicies stay", 20, 1},
		{"thrashing", "nodes 1 mem 10M\njobs a arrive burst 1 at 1 life 10s mem 11M\npolicies stay", 100, 10},
		{"four on four", "nodes 4\nfreeze 0s\ninformation now\nlink bandwidth 1T latency 0s\njobs a arrive burst 4 at 1 life 100s mem 1M\npolicies openmosix", 100, 1},
		{"round robin", "nodes 4\njobs a arrive burst 4 at 1 life 10s mem 1M\npolicies pvm", 10, 1},
	} {
		r := compute(t, parsed(t, c.text)).Policies[0]
		if math.Abs(r.Makespan-c.makespan) > 0.03*c.makespan || math.Abs(r.Slowdown-c.slowdown) > 0.03*c.slowdown {
			t.Errorf("%s: makespan %v, slowdown %v; want %v, %v", c.name, r.Makespan, r.Slowdown, c.makespan, c.slowdown)
		}
	}
}

// TestContentNodes: what nodes with which all is well do not look at makes no
// difference.
func TestContentNodes(t *testing.T) {
	s := parsed(t, `nodes 12 cpus 2 mem 1G
nodes 12 cpus 1 mem 200M
jobs a arrive poisson 500ms at 1 life pareto 1.5 1s max 60s mem exp 20M
jobs b arrive every 7s at random life 20s mem 10M calls 500
jobs c arrive every 9s at random life 20s mem 10M hint io
jobs d arrive every 11s at random life 20s mem 10M grows 3M to 90M
duration 60s
at 20s node 3 owner 1
policies openmosix openmosix-unplaced`)
	for _, name := range s.Policies {
		quick, thorough := newRun(s, name, 0), newRun(s, name, 0)
		thorough.policy.(*ours).thorough = true
		if a, b := quick.all(t.Context()), thorough.all(t.Context()); !reflect.DeepEqual(a, b) || a.moves == 0 {
			t.Errorf("%s: %d moves, slowdown %v; %d moves, slowdown %v", name, a.moves, a.slowdown, b.moves, b.slowdown)
		}
	}
}

// TestScenarios: all that come with openMosix can be read, and name what they are.
func TestScenarios(t *testing.T) {
	names := Scenarios()
	if len(names) < 7 {
		t.Errorf("only %v", names)
	}
	for _, n := range names {
		if s := scenario(t, n); s.Title == "" {
			t.Errorf("%s has no title", n)
		}
	}
}

package cli

import (
	"strings"
	"testing"

	"openmosix/internal/node/control"
)

// Who has drained the node he is on sees that, as he would from another one.
func TestStateTellsOfANodeThatLendsNothing(t *testing.T) {
	for want, n := range map[string]control.Node{
		"down":                    {},
		"up":                      {Up: true, Accepting: true},
		"lends nothing":           {Up: true},
		"lends nothing now":       {Up: true, Accepting: true, Refuses: "the owner is back"},
		"here":                    {Up: true, Self: true, Accepting: true},
		"here, lends nothing":     {Up: true, Self: true},
		"here, lends nothing now": {Up: true, Self: true, Accepting: true, Refuses: "the owner is back"},
	} {
		if got := stateOf(n); got != want {
			t.Errorf("%+v: %q, expected %q", n, got, want)
		}
	}
}

// A node that is down does not make the others' columns drift apart from their names.
func TestColumnsOfNodes(t *testing.T) {
	dir := fakeDaemon(t, func(control.Request) control.Result {
		return control.Result{Nodes: []control.Node{{Number: 1, Up: true, Self: true, Name: "one", CPUs: 2}, {Number: 2, Name: "two"}, {Number: 3, Up: true, Name: "three"}}}
	})
	for _, command := range [][]string{{"nodes"}, {"mosmon", "-1"}} {
		got := run(command[0], append(command[1:], "--run-dir", dir)...)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		at := strings.LastIndex(lines[0], " ") + 1
		for _, l := range lines {
			if len(lines) != 4 || len(l) <= at || l[at] == ' ' || l[at-1] != ' ' {
				t.Errorf("%q: %q has no last column below its name:\n%s", command, l, got.out)
			}
		}
	}
}

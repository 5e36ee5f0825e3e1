package cli

import (
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

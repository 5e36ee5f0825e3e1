package daemon

import (
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// A drain waits for processes that have gone on and fetch their memory, and not for one whose home is known
// to be lost: its supervisor does so for minutes.
func TestDrainWaitsForWhatFetches(t *testing.T) {
	guests := []supervisor.Proc{
		{HomePID: 7, Node: 1, State: supervisor.StateGiving},
		{HomePID: 8, Node: 1, State: supervisor.StateGiving},
		{HomePID: 8, Node: 3, State: supervisor.StateGiving},
		{HomePID: 9, Node: 1, State: "running"},
	}
	all := []control.Outcome{
		{PID: 7, Home: 1, Code: supervisor.Busy},
		{PID: 8, Home: 1, Code: supervisor.Unreachable},
	}
	left := stillGiving(guests, all)
	if len(left) != 2 || left[0].HomePID != 7 || left[1].HomePID != 8 || left[1].Node != 3 {
		t.Errorf("%+v", left)
	}
}

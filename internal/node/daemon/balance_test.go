package daemon

import (
	"testing"

	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func TestLowest(t *testing.T) {
	node := func(number int, loaded float64, speed int) control.Node {
		return control.Node{Number: number, Up: true, Accepting: true, CPUs: 1, Speed: speed, Load: loaded}
	}
	all := func(n control.Node) bool { return n.Number != 1 }
	for name, c := range map[string]struct {
		nodes []control.Node
		fits  func(control.Node) bool
		want  int
		known bool
	}{
		"alone where it is":           {[]control.Node{node(1, 1, 10000), node(2, 0, 10000)}, all, 1, true},
		"two here, none there":        {[]control.Node{node(1, 2, 10000), node(2, 0, 10000)}, all, 2, true},
		"the lower of two":            {[]control.Node{node(1, 3, 10000), node(2, 1, 10000), node(3, 0.5, 10000)}, all, 3, true},
		"a faster one, as loaded":     {[]control.Node{node(1, 1, 10000), node(2, 0, 20000)}, all, 2, true},
		"a slow one is not worth it":  {[]control.Node{node(1, 2, 10000), node(2, 0, 2500)}, all, 1, true},
		"the lowest may not be taken": {[]control.Node{node(1, 3, 10000), node(2, 0, 10000)}, func(control.Node) bool { return false }, 1, true},
		"nothing is known of here":    {[]control.Node{{Number: 1, Up: true, Quiet: true}, node(2, 0, 10000)}, all, 1, false},
	} {
		if got, known := lowest(c.nodes, 1, load.Standard, c.fits); got != c.want || known != c.known {
			t.Errorf("%s: node %d, %v", name, got, known)
		}
	}
}

func TestMigrateBalance(t *testing.T) {
	one, two := twoNodes(t, nil)
	process := sleeper(t, 12345).Process.Pid
	balance := func() *control.Result {
		return one.ask(t, control.Request{Verb: control.Migrate, PID: process, Balance: true, Wait: true})
	}
	// A node that is 10,000 times as fast is better whatever runs there; the other way round it is not.
	two.admin(t, 0, "setspeed", load.MaxSpeed)
	one.admin(t, 0, "setspeed", 1)
	waitFor(t, "some load here", func() bool {
		r := one.ask(t, control.Request{Verb: control.Nodes, To: 1})
		return len(r.Nodes) == 1 && r.Nodes[0].Load > 1
	})
	two.admin(t, 0, "block")
	if r := balance(); r.Code != supervisor.AlreadyThere {
		t.Errorf("no node takes it: %+v", r)
	}
	two.admin(t, 0, "noblock")
	if r := balance(); r.Code != "" || r.Node != 2 {
		t.Fatalf("%+v", r)
	}
	if r := balance(); r.Code != supervisor.AlreadyThere {
		t.Errorf("once more: %+v", r)
	}
	if r := one.ask(t, control.Request{Verb: control.Migrate, PID: 1 << 30, Balance: true}); r.Code != supervisor.NoSuchProcess {
		t.Errorf("%+v", r)
	}
}

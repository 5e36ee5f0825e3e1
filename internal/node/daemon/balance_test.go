package daemon

import (
	"testing"

	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

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
	if r := balance(); r.Code != supervisor.AlreadyThere || r.Balance == nil || r.Balance.Refused == "" {
		t.Errorf("no node takes it: %+v", r)
	}
	two.admin(t, 0, "noblock")
	if r := balance(); r.Code != "" || r.Node != 2 || r.Balance == nil || r.Balance.To != 2 || r.Balance.Gain <= r.Balance.Price {
		t.Fatalf("%+v, %+v", r, r.Balance)
	}
	if r := balance(); r.Code != supervisor.AlreadyThere {
		t.Errorf("once more: %+v", r)
	}
	if r := one.ask(t, control.Request{Verb: control.Migrate, PID: 1 << 30, Balance: true}); r.Code != supervisor.NoSuchProcess {
		t.Errorf("%+v", r)
	}
}

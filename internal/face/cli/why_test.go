package cli

import (
	"encoding/json"
	"testing"

	"openmosix/internal/node/control"
)

// Of a process that is away its home tells what it knows: where, since when, at what cost.
func TestWhyOfAProcessThatIsAway(t *testing.T) {
	away := &control.Away{Node: 2, For: 200_400, Calls: 41.96, Costs: []control.Cost{
		{Node: 3, Cost: 1.1, Closed: "blocked", Text: "takes no guests"}, {Cost: 1.31}, {Node: 2, Cost: 1.42, AgeMillis: 700},
	}}
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.PID == 8 { // of an older supervisor, on a node of which nothing is known
			return control.Result{Away: &control.Away{Node: 2, Mute: true, Costs: []control.Cost{{Node: 2, Closed: "no-information", Text: "nothing recent is known of it"}}}}
		}
		return control.Result{Away: away, Balance: &control.Balance{Rule: "elsewhere", Text: "elsewhere: the node it runs on decides"}}
	})
	want := `7: can move
7: away on node 2 for 3m20s; 42 calls a second went home
7: cost 1.1 on node 3 (takes no guests), 1.31 at home, 1.42 on node 2, where it runs
7: balance: elsewhere: the node it runs on decides
`
	if got := run("why", "--run-dir", dir, "7"); got != (outcome{0, want, ""}) {
		t.Errorf("%+v", got)
	}
	want = "8: can move\n8: away on node 2; the connection there is broken, or nothing comes by it\n8: cost not known on node 2, where it runs (nothing recent is known of it)\n"
	if got := run("why", "--run-dir", dir, "8"); got != (outcome{0, want, ""}) {
		t.Errorf("%+v", got)
	}
	var back whyJSON
	if got := run("why", "--run-dir", dir, "--json", "7"); json.Unmarshal([]byte(got.out), &back) != nil || back.Away == nil || back.Away.Costs[2] != away.Costs[2] {
		t.Errorf("%+v", got)
	}
}

// Of a large cluster the cheapest are named, and always home and where it runs.
func TestWhyNamesTheCheapestNodes(t *testing.T) {
	a := &control.Away{Node: 40}
	for i := 1; i <= 40; i++ {
		a.Costs = append(a.Costs, control.Cost{Node: i % 20, Cost: float64(i)})
	}
	a.Costs[39].Node = 40
	dir := fakeDaemon(t, func(control.Request) control.Result { return control.Result{Away: a} })
	want := "7: can move\n7: away on node 40\n7: cost 1 on node 1, 2 on node 2, 3 on node 3, 4 on node 4, 5 on node 5, 6 on node 6, 7 on node 7, 8 on node 8, " +
		"20 at home, 40 on node 40, where it runs; and 30 more nodes\n"
	if got := run("why", "--run-dir", dir, "7"); got != (outcome{0, want, ""}) {
		t.Errorf("%+v", got)
	}
}

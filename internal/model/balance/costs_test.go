package balance

import (
	"math"
	"testing"
	"time"
)

// What each node would cost agrees with what is decided.
func TestCostsAreThoseThatAreDecidedBy(t *testing.T) {
	node := func(number int, demand float64) Node {
		return Node{Number: number, CPUs: 1, Speed: 10000, Demand: demand, Weight: 0.8, MemTotal: 4 << 30, MemFree: 3 << 30, Accepting: true, Features: Compatible}
	}
	v := View{Self: 1, Nodes: []Node{node(1, 2), node(2, 3), node(3, 0)}, Rules: Rules{Weights: true, Onward: true},
		Procs: []Proc{{PID: 7, Home: 1, Where: 2, Wants: 1, CPU: 1, Resident: 8 << 20, Age: time.Minute, CPUTime: time.Minute}}}
	v.Nodes[2].Age = time.Second
	costs := Costs(v)
	if len(costs) != 3 || costs[0].Node != 3 || costs[0].Age != time.Second || costs[1].Node != 1 || costs[2].Node != 2 {
		t.Fatalf("%+v", costs)
	}
	e := Decide(v).Explanations[0]
	if e.To != 3 || math.Abs(e.There-costs[0].Cost) > 1e-9 || math.Abs(e.Here-costs[2].Cost) > 1e-9 {
		t.Errorf("%+v, decided by %v", costs, e)
	}

	v.Nodes[2].Accepting = false
	if got := Costs(v)[0]; got.Closed != Blocked {
		t.Errorf("a node that takes no guests: %+v", got)
	}
	v.Procs[0].Where = 9
	if got := Costs(v); len(got) != 4 || got[3] != (Cost{Node: 9, Closed: NoInformation}) {
		t.Errorf("where nothing is known of it: %+v", got)
	}
	if got := Costs(View{Self: 1}); got != nil {
		t.Errorf("of no process: %+v", got)
	}
}

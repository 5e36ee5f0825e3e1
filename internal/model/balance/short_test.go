package balance

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestShortOnesStay: what a range says of short programs holds for each view in it, whatever is
// known of the other nodes.
func TestShortOnesStay(t *testing.T) {
	within, others, placed := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		v.Procs = nil
		r := Around(v)
		if self, _ := v.self(); self != nil && !r.Holds(v) {
			t.Fatalf("%+v does not hold what it is around", r)
		}
		p := Proc{PID: 1, Home: 1, Where: 1, Fresh: true, Wants: rapid.SampledFrom([]float64{1, 1, 0.02, 0.5, 3}).Draw(t, "wants"),
			Calls: rapid.SampledFrom([]float64{0, 0, 1000}).Draw(t, "calls"), Kind: rapid.SampledFrom([]Kind{AnyKind, CPUJob}).Draw(t, "kind")}
		p.Expected = r.Least(p.Wants) - time.Nanosecond
		later := anyView(t)
		later.Procs, later.Rules = nil, v.Rules
		if self, _ := v.self(); self != nil {
			for i := range later.Nodes { // all of the others may have changed
				if n := &later.Nodes[i]; n.Number == 1 {
					demand, free := n.Demand, n.MemFree
					*n = *self
					n.Demand, n.MemFree = demand*rapid.Float64Range(0, 4).Draw(t, "more"), max(free, self.MemFree)
				}
			}
		}
		if !r.Holds(later) || p.Expected <= 0 {
			others++
			return
		}
		within++
		if to, why := Place(later, p); to != 1 {
			t.Fatalf("one of %v, less than %v, goes to node %d: %v", p.Expected, r.Least(p.Wants), to, why)
		}
		p.Expected *= 20 // not for nothing
		if to, _ := Place(later, p); to != 1 {
			placed++
		}
	})
	if within == 0 || within >= 20 && placed == 0 { // a short run makes few checks
		t.Errorf("%d views in the range, %d not, %d programs placed elsewhere that use more", within, others, placed)
	}
}

// What is outside of a range is no matter of it.
func TestRangesEnd(t *testing.T) {
	v := View{Self: 1, Nodes: []Node{{Number: 1, CPUs: 2, Speed: 10000, Demand: 3, Weight: 0.8, MemTotal: 4 << 30, MemFree: 3 << 30, Accepting: true},
		{Number: 2, CPUs: 1, Speed: 10000, MemTotal: 4 << 30, MemFree: 3 << 30, Accepting: true}}, Rules: Rules{Weights: true}}
	r := Around(v)
	for name, c := range map[string]struct {
		change func(v *View)
		holds  bool
	}{
		"the same":            {func(*View) {}, true},
		"another is gone":     {func(v *View) { v.Nodes = v.Nodes[:1] }, true},
		"more threads":        {func(v *View) { v.Nodes[0].Demand = 8 }, true},
		"many threads":        {func(v *View) { v.Nodes[0].Demand = 8.1 }, false},
		"less memory":         {func(v *View) { v.Nodes[0].MemFree -= 200 << 20 }, true},
		"little memory":       {func(v *View) { v.Nodes[0].MemFree -= 300 << 20 }, false},
		"longer ones":         {func(v *View) { v.Nodes[0].Weight = 0.41 }, true},
		"long ones":           {func(v *View) { v.Nodes[0].Weight = 0.39 }, false},
		"a faster one":        {func(v *View) { v.Nodes[1].Speed++ }, false},
		"another speed":       {func(v *View) { v.Nodes[0].Speed-- }, false},
		"placements are less": {func(v *View) { v.Rules.Freeze = 22 * time.Millisecond }, false},
		"placements are more": {func(v *View) { v.Rules.Freeze = time.Second }, true},
		"other rules":         {func(v *View) { v.Rules.Weights = false }, false},
		"nothing is known":    {func(v *View) { v.Nodes = nil }, false},
		"another node":        {func(v *View) { v.Self = 2 }, false},
	} {
		later := v
		later.Nodes = append([]Node{}, v.Nodes...)
		if c.change(&later); r.Holds(later) != c.holds {
			t.Errorf("%s: holds %v", name, !c.holds)
		}
	}
	if (Range{}).Holds(View{}) || (Range{}).Holds(v) || (Range{}).Least(1) != 0 || r.Least(0) != 0 {
		t.Error("something is known of nothing")
	}
}

package balance

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// anyView draws a cluster as node 1 may know it, sensible or not.
func anyView(t *rapid.T) View {
	v := View{Self: 1, Now: time.Hour, Seed: rapid.Uint64().Draw(t, "seed")}
	v.Stay, v.LStay = oneOf(t, 10, "stay"), oneOf(t, 10, "lstay")
	v.Rules.Onward = rapid.Bool().Draw(t, "onward")
	v.Rules.Weights = rapid.Bool().Draw(t, "weights")
	for n := range 9 - rapid.IntRange(1, 8).Draw(t, "nodes") {
		v.Nodes = append(v.Nodes, anyNode(t, n+1))
	}
	for p := range 12 - rapid.IntRange(0, 12).Draw(t, "procs") {
		v.Procs = append(v.Procs, anyProc(t, 100+p, len(v.Nodes)))
	}
	for range rapid.IntRange(0, 3).Draw(t, "sent") {
		v.Sent = append(v.Sent, Sent{To: rapid.IntRange(1, 9).Draw(t, "to"), Wants: 1, Resident: 1 << 20,
			At: v.Now - time.Duration(rapid.IntRange(0, 20).Draw(t, "at"))*time.Second})
	}
	return v
}

// rarely is true once in some twenty times: most of what is drawn makes sense, or
// nothing would ever move. rapid likes small numbers best.
func rarely(t *rapid.T) bool { return oneOf(t, 20, "rarely") }

func oneOf(t *rapid.T, n int, what string) bool { return rapid.IntRange(1, n).Draw(t, what) == n }

func anyNode(t *rapid.T, number int) Node {
	n := Node{
		Number: number, CPUs: rapid.IntRange(1, 4).Draw(t, "cpus"), Speed: rapid.SampledFrom([]int{5000, 10000, 40000}).Draw(t, "speed"),
		Demand: rapid.Float64Range(0, 4).Draw(t, "demand"), MemTotal: 8 << 30, MemFree: rapid.Uint64Range(2<<30, 8<<30).Draw(t, "free"),
		Guests: rapid.IntRange(0, 3).Draw(t, "guests"), MaxGuests: rapid.SampledFrom([]int{0, 0, 0, 1, 4}).Draw(t, "max"),
		Accepting: !oneOf(t, 6, "blocks"), OwnerFirst: oneOf(t, 4, "owner"),
		Age: time.Duration(rapid.IntRange(0, 10).Draw(t, "age")) * time.Second, Features: Compatible,
		Local: rapid.Float64Range(0, 2).Draw(t, "local"), Weight: rapid.Float64Range(0, 1).Draw(t, "weight"),
		Link: Link{Bandwidth: rapid.SampledFrom([]float64{0, 1e9, 1e8, 1e6, 1}).Draw(t, "bandwidth"), Latency: time.Duration(rapid.IntRange(0, 1e6).Draw(t, "latency")),
			Freeze: time.Duration(rapid.IntRange(0, 1e8).Draw(t, "freeze"))},
	}
	if number == 1 { // the one that decides has something to decide
		n.Demand += 2 + rapid.Float64Range(0, 10).Draw(t, "more")
	}
	odd := []func(){
		func() { n.CPUs = 0 },
		func() { n.Speed = rapid.SampledFrom([]int{0, -1, 1e7, 1e9}).Draw(t, "odd speed") },
		func() {
			n.Demand = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), -1, 1e300}).Draw(t, "odd demand")
		},
		func() { n.MemTotal = rapid.Uint64Range(0, 1<<30).Draw(t, "little memory") },
		func() { n.MemFree = rapid.Uint64Range(0, 1<<30).Draw(t, "little free") },
		func() { n.MemPressure = rapid.Float64Range(0, 1).Draw(t, "pressure") },
		func() { n.LoadLimit = rapid.Float64Range(0, 4).Draw(t, "limit") },
		func() { n.Age = time.Duration(rapid.IntRange(-1, 60).Draw(t, "odd age")) * time.Second },
		func() { n.Features = Features(rapid.IntRange(0, 2).Draw(t, "features")) },
	}
	for _, make := range odd {
		if rarely(t) {
			make()
		}
	}
	return n
}

func anyProc(t *rapid.T, pid, nodes int) Proc {
	p := Proc{
		PID: pid, Home: rapid.SampledFrom([]int{1, 1, 1, rapid.IntRange(1, nodes+1).Draw(t, "home")}).Draw(t, "own"), Where: rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(t, "where"),
		Age:   time.Duration(rapid.IntRange(3, 1000).Draw(t, "age")) * time.Second,
		Wants: rapid.SampledFrom([]float64{1, 1, 0.3, 2, 0}).Draw(t, "wants"), Resident: rapid.Uint64Range(0, 200<<20).Draw(t, "resident"),
		Calls: rapid.SampledFrom([]float64{0, 0, 0, 100, 1e4}).Draw(t, "calls"),
		Kind:  rapid.SampledFrom([]Kind{AnyKind, AnyKind, CPUJob, IOJob}).Draw(t, "kind"), Locked: oneOf(t, 6, "locked"),
		Moves: rapid.IntRange(0, 3).Draw(t, "moves"), LastMove: time.Duration(30-rapid.IntRange(0, 30).Draw(t, "last")) * time.Second,
	}
	if rarely(t) {
		p.Resident, p.Growth = rapid.Uint64Range(0, 6<<30).Draw(t, "much"), rapid.Float64Range(-1e6, 1e8).Draw(t, "growth")
	}
	if oneOf(t, 10, "cannot") {
		p.Cannot = "io-uring"
	}
	if oneOf(t, 6, "masked") {
		only := rapid.IntRange(1, nodes).Draw(t, "only")
		p.Allowed = func(n int) bool { return n == only }
	}
	return p
}

// TestLimitsHold: whatever the numbers are, nothing is moved that may not be, nor
// to where it may not, and no process appears, vanishes or is moved twice.
func TestLimitsHold(t *testing.T) {
	views, moves := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		d := Decide(v)
		views++
		moves += len(d.Moves)
		if len(d.Explanations) != len(v.Procs) {
			t.Fatalf("%d explanations of %d processes", len(d.Explanations), len(v.Procs))
		}
		moved := map[int]bool{}
		for _, m := range d.Moves {
			if moved[m.PID] {
				t.Fatalf("%d is moved twice", m.PID)
			}
			moved[m.PID] = true
			i := slices.IndexFunc(v.Procs, func(p Proc) bool { return p.PID == m.PID })
			mayMove(t, v, v.Procs[i], m)
		}
		for _, e := range d.Explanations {
			if e.Rule == "" || e.Rule.Text() == "" {
				t.Fatalf("no reason: %+v", e)
			}
			if math.IsNaN(e.Here) || math.IsNaN(e.There) || math.IsInf(e.Here, 0) || math.IsInf(e.There, 0) {
				t.Fatalf("no numbers: %+v", e)
			}
		}
		memoryHolds(t, v, d)
		for _, p := range v.Procs {
			p.Home, p.Where = v.Self, v.Self
			if to, e := Place(v, p); to != v.Self {
				mayMove(t, v, p, Move{PID: p.PID, Home: p.Home, From: v.Self, To: to, Why: e})
			}
		}
	})
	if t.Logf("%d moves in %d views", moves, views); moves < views/4 {
		t.Errorf("only %d moves in %d views: nothing is seen of limits where nothing moves", moves, views)
	}
}

func mayMove(t *rapid.T, v View, p Proc, m Move) {
	i := slices.IndexFunc(v.Nodes, func(n Node) bool { return n.Number == m.To })
	if i < 0 || m.To == p.Where || m.From != p.Where || m.Home != p.Home {
		t.Fatalf("%+v is no move of %+v", m, p)
	}
	n, home := v.Nodes[i], m.To == p.Home
	here := p.Where == v.Self
	for what, broken := range map[string]bool{
		"lock":     p.Locked,
		"cannot":   p.Cannot != "",
		"stay":     v.Stay && here,
		"lstay":    v.LStay && here && p.Home == v.Self,
		"mask":     p.Allowed != nil && !p.Allowed(m.To) && !home,
		"block":    !n.Accepting && !home,
		"features": n.Features != Compatible && !home,
		"guests":   n.MaxGuests > 0 && n.Guests >= n.MaxGuests && !home,
		"load":     n.LoadLimit > 0 && n.Demand/float64(n.CPUs)*10000/float64(n.Speed) >= n.LoadLimit && !home,
		"age":      (n.Age > DefaultRules().MaxAge || n.Age < 0) && m.To != v.Self,
		"sense":    n.CPUs <= 0 || n.Speed <= 0 || n.MemTotal == 0 || math.IsNaN(n.Demand),
		"data":     p.Kind == IOJob && !home && m.Why.Rule == Balance,
		"worth":    m.Why.Rule == Balance && (m.Why.Here <= m.Why.There || m.Why.Gain <= 0 || !v.Rules.Weights && m.Why.Gain <= m.Why.Price),
		"stranger": !here && p.Home != v.Self,
	} {
		if broken {
			t.Fatalf("%s is broken by %+v of %+v to %+v", what, m, p, n)
		}
	}
}

// memoryHolds checks that what is moved to a node fits in its free memory.
func memoryHolds(t *rapid.T, v View, d Decision) {
	for _, n := range v.Nodes {
		free := float64(n.MemFree)
		came := false
		for _, p := range v.Procs {
			for _, m := range d.Moves {
				switch {
				case m.PID != p.PID:
				case m.To == n.Number:
					free -= float64(p.Resident)
					came = true
				case m.From == n.Number:
					free += float64(p.Resident)
				}
			}
		}
		if came && free < 0 {
			t.Fatalf("node %d lacks %v bytes after %+v", n.Number, -free, d.Moves)
		}
	}
}

// TestOrderDoesNotMatter: nor does it which of two equal nodes is first.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		before := Decide(v)
		shuffled := v
		shuffled.Nodes = rapid.Permutation(v.Nodes).Draw(t, "nodes")
		shuffled.Procs = rapid.Permutation(v.Procs).Draw(t, "procs")
		if diff := cmp.Diff(before, Decide(shuffled), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// calm draws a cluster without limits, of which node 1 knows everything.
func calm(t *rapid.T) View {
	v := View{Self: 1, Now: time.Hour, Seed: rapid.Uint64().Draw(t, "seed")}
	for n := range rapid.IntRange(2, 6).Draw(t, "nodes") {
		v.Nodes = append(v.Nodes, Node{Number: n + 1, CPUs: rapid.IntRange(1, 4).Draw(t, "cpus"), MemTotal: 8 << 30, MemFree: 8 << 30,
			Speed: rapid.SampledFrom([]int{5000, 10000, 20000, 30000}).Draw(t, "speed"), Accepting: true, Features: Compatible})
	}
	for p := range rapid.IntRange(1, 30).Draw(t, "procs") {
		v.Procs = append(v.Procs, Proc{PID: 100 + p, Home: rapid.IntRange(1, len(v.Nodes)).Draw(t, "home"),
			Where: rapid.IntRange(1, len(v.Nodes)).Draw(t, "where"), CPUTime: time.Duration(rapid.IntRange(1, 10000).Draw(t, "time")) * time.Second,
			Wants: rapid.Float64Range(0.1, 2).Draw(t, "wants"), Resident: rapid.Uint64Range(1<<20, 300<<20).Draw(t, "resident"),
			Calls: rapid.SampledFrom([]float64{0, 0, 100, 3000}).Draw(t, "calls")})
	}
	return v
}

// filled sets what the nodes' processes make of them.
func filled(v View) View {
	v.Nodes = slices.Clone(v.Nodes)
	for i := range v.Nodes {
		n := &v.Nodes[i]
		n.Demand, n.MemFree = 0, n.MemTotal
		for _, p := range v.Procs {
			if p.Where == n.Number {
				n.Demand += p.Wants
				n.MemFree -= min(p.Resident, n.MemFree)
			}
		}
	}
	return v
}

// weighed sets that, and the weight that each node's own decision says.
func weighed(v View) View {
	v = filled(v)
	v.Rules.Weights = true
	weights := make([]float64, len(v.Nodes))
	for i := range v.Nodes {
		of := v
		of.Self, of.Stay = i+1, true
		weights[i] = Decide(of).Weight
	}
	for i, weight := range weights {
		v.Nodes[i].Weight = weight
	}
	return v
}

// TestComesToRest: in a world in which nothing changes but by its own moves, each
// node in turn decides, and in a few rounds no node wants to move anything; with
// every process having rested, so that it is not the cooling that keeps it.
func TestComesToRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := calm(t)
		weigh := filled
		if rapid.Bool().Draw(t, "weights are told") {
			weigh = weighed
		}
		for range 40 {
			moves := 0
			for self := range v.Nodes {
				v.Self, v.Seed = self+1, v.Seed+1
				v = weigh(v)
				for _, m := range Decide(v).Moves {
					i := slices.IndexFunc(v.Procs, func(p Proc) bool { return p.PID == m.PID })
					v.Procs[i].Where = m.To
					moves++
				}
			}
			if moves == 0 {
				return
			}
		}
		t.Fatal("still moving after 40 rounds")
	})
}

// TestCostFalls: no move for balance makes the whole cost more.
func TestCostFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := weighed(calm(t))
		w := newWorld(v)
		total := func(procs []Proc) float64 {
			demand, weight, used, sum := map[int]float64{}, map[int]float64{}, map[int]float64{}, 0.0
			for _, p := range procs {
				d := w.derive(p)
				demand[p.Where] += d.wants
				weight[p.Where] += d.wants * d.weight
				used[p.Where] += d.bytes
				sum += w.tax(&d, w.node(p.Where))
			}
			for _, n := range w.nodes {
				sum += w.prices.cost(n, demand[n.Number], weight[n.Number], used[n.Number])
			}
			return sum
		}
		procs := slices.Clone(v.Procs)
		before := total(procs)
		for _, m := range Decide(v).Moves {
			i := slices.IndexFunc(procs, func(p Proc) bool { return p.PID == m.PID })
			procs[i].Where = m.To
			after := total(procs)
			if after >= before {
				t.Fatalf("from %v to %v by %+v", before, after, m)
			}
			before = after
		}
	})
}

// TestHerd: many nodes see the same idle ones at the same moment; they do not
// all choose the same.
func TestHerd(t *testing.T) {
	const nodes = 100
	chosen := map[int]int{}
	for self := 1; self <= nodes/2; self++ {
		v := View{Self: self, Now: time.Hour, Seed: uint64(self)}
		for n := range nodes {
			at := Node{Number: n + 1, CPUs: 1, Speed: 10000, MemTotal: 4 << 30, MemFree: 3 << 30, Accepting: true, Features: Compatible}
			if n < nodes/2 {
				at.Demand = 2
			}
			v.Nodes = append(v.Nodes, at)
		}
		v.Procs = []Proc{{PID: 1, Home: self, Where: self, Wants: 1, Age: time.Minute}, {PID: 2, Home: self, Where: self, Wants: 1, Age: time.Minute}}
		d := Decide(v)
		if len(d.Moves) != 1 {
			t.Fatalf("node %d: %+v", self, d.Moves)
		}
		chosen[d.Moves[0].To]++
	}
	most := 0
	for _, n := range chosen {
		most = max(most, n)
	}
	// Fifty balls in fifty bins, at random.
	if len(chosen) < 25 || most > 6 {
		t.Errorf("%d nodes chosen by 50, one by %d", len(chosen), most)
	}
}

// large is a cluster of so many nodes, and so many processes on the first.
func large(nodes, procs int) View {
	v := View{Self: 1, Now: time.Hour, Seed: 7}
	for n := range nodes {
		v.Nodes = append(v.Nodes, Node{Number: n + 1, CPUs: 1 + n%8, Speed: 10000 + 1000*(n%10), Demand: float64(n % 5), MemTotal: 8 << 30,
			MemFree: uint64(1+n%7) << 30, Accepting: n%10 > 0, Features: Compatible, Age: time.Duration(n%8) * time.Second})
	}
	v.Nodes[0].Demand = float64(procs)
	for p := range procs {
		v.Procs = append(v.Procs, Proc{PID: p + 1, Home: 1, Where: 1, Wants: 1, Age: time.Duration(p) * time.Second, Resident: uint64(p) << 17, Calls: float64(p % 50)})
	}
	return v
}

func BenchmarkDecide(b *testing.B) {
	for _, nodes := range []int{10, 100, 1000} {
		v := large(nodes, 200)
		b.Run(fmt.Sprintf("%d nodes", nodes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Decide(v)
			}
		})
	}
}

func BenchmarkPlace(b *testing.B) {
	v := large(1000, 0)
	for b.Loop() {
		Place(v, Proc{PID: 1, Home: 1, Wants: 1})
	}
}

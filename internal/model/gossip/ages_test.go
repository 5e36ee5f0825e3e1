package gossip

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"openmosix/internal/model/load"
)

// predicted gives, for each age in steps of a hundredth of a period, the share
// of the other nodes that a node knows an entry of that is not older.
//
// An entry of that age is missing until a message brings it. Messages come at
// FanOut a period, from any of the n-1 others. The sender is the node itself
// with probability 1/(n-1); else it has the entry with probability q, and tells
// it if it is among its Size-1 freshest, which are those up to the age where
// (n-1)·q reaches Size-1.
func predicted(n int) []float64 { return predictedFor(n, FanOut, Size) }

func predictedFor(n int, fanOut, size float64) []float64 {
	const steps = 100
	others := float64(n - 1)
	q := []float64{0}
	told := 0.0 // q at the age of what is told, at most
	for range steps * int(Expiry/Period) {
		now := q[len(q)-1]
		if others*now <= size-1 {
			told = now
		}
		rate := fanOut * (1/others + (others-1)/others*told)
		q = append(q, now+(1-now)*rate/steps)
	}
	return q
}

// ageAt is the age up to which that share is known; beyond Expiry it is +Inf.
func ageAt(q []float64, share float64) float64 {
	i, _ := slices.BinarySearch(q, share)
	if i == len(q) {
		return math.Inf(1)
	}
	return float64(i) * float64(Expiry) / float64(len(q)-1)
}

// distance is the statistic of Kolmogorov and Smirnov: by how much the share of
// the ages up to some age differs from the predicted one, at the age where that is
// most. Ages, which are sorted, are compared up to until.
func distance(ages []float64, q []float64, until time.Duration) float64 {
	step := float64(Expiry) / float64(len(q)-1)
	most, i := 0.0, 0
	for k, share := range q {
		age := float64(k) * step
		if age > float64(until) {
			break
		}
		for i < len(ages) && ages[i] <= age {
			i++
		}
		most = max(most, math.Abs(float64(i)/float64(len(ages))-share))
	}
	return most
}

// watched nodes keep all they hear of and are measured. The others keep as many
// entries as they tell: what they tell is the same then.
const (
	watched = 32
	enough  = Size
)

// cluster is n nodes and a network that delivers at once.
type cluster struct {
	random  *rand.Rand
	windows []*Window
	phase   []time.Duration // when in its period a node tells
	order   []int           // nodes by phase
	sent    []int           // bytes, by node
}

func newCluster(n int) *cluster {
	c := &cluster{random: rand.New(rand.NewPCG(1, uint64(n))), sent: make([]int, n)}
	for i := range n {
		capacity := enough
		if i < watched {
			capacity = Capacity
		}
		c.windows = append(c.windows, New(capacity))
		c.phase = append(c.phase, time.Duration(c.random.Int64N(int64(Period))))
		c.order = append(c.order, i)
	}
	slices.SortFunc(c.order, func(a, b int) int { return int(c.phase[a] - c.phase[b]) })
	return c
}

func report(node int, sequence uint32) load.Report {
	return load.Report{Node: node, Instance: 1, Sequence: sequence, CPUs: 1, Speed: load.Standard, Pressure: load.NoPressure}
}

// round lets every node tell once.
func (c *cluster) round(t testing.TB, number int) {
	n := len(c.windows)
	for _, i := range c.order {
		now := time.Duration(number)*Period + c.phase[i]
		c.windows[i].Own(report(i+1, uint32(number)+1), now)
		message := c.windows[i].Message(1300, now)
		entries, err := Decode(message)
		if err != nil {
			t.Fatal(err)
		}
		to := []int{i}
		for len(to) < min(FanOut+1, n) {
			j := c.random.IntN(n)
			if slices.Contains(to, j) {
				continue
			}
			to = append(to, j)
			c.windows[j].Hear(entries, now)
			c.sent[i] += len(message)
		}
	}
}

var long = flag.Bool("long", false, "let TestAges wait until the oldest ages have come about with 2000 nodes, too")

// Measured ages are those predicted: the distributions differ by no more than a
// few per cent anywhere, and each decile of the ages of all that all nodes know of
// all others is within 15 % or, where that is less, a fifth of a period. With
// one node fewer told in a round, or half of the entries, they would not be. Nobody
// sends more because there are more. Ages that would take too long to come about
// are left out.
func TestAges(t *testing.T) {
	many := 30
	if *long {
		many = int(Expiry / Period)
	}
	for _, c := range []struct {
		nodes, warm, measured int
		apart                 float64 // the distributions are, at most; a few nodes' turns in a period are far from even
	}{{16, 20, 200, 0.15}, {256, 40, 40, 0.05}, {2000, many, 2, 0.03}} {
		t.Run(fmt.Sprint(c.nodes), func(t *testing.T) {
			cluster := newCluster(c.nodes)
			var ages []float64
			for i := range c.warm + c.measured {
				cluster.round(t, i)
				if i < c.warm {
					continue
				}
				now := time.Duration(i+1) * Period
				for _, w := range cluster.windows[:min(watched, c.nodes)] {
					known := w.Others(now)
					for _, k := range known {
						ages = append(ages, float64(k.Age))
					}
					for range c.nodes - 1 - len(known) {
						ages = append(ages, math.Inf(1))
					}
				}
			}
			slices.Sort(ages)
			q := predicted(c.nodes)
			warm := time.Duration(c.warm) * Period
			t.Logf("the distributions are %.3f apart", distance(ages, q, warm))
			if d := distance(ages, q, warm); d > c.apart {
				t.Errorf("the distributions are %.3f apart", d)
			}
			for _, other := range [][]float64{predictedFor(c.nodes, FanOut-1, Size), predictedFor(c.nodes, FanOut, Size/2)} {
				if d := distance(ages, other, warm); d < c.apart && c.nodes > Size {
					t.Errorf("another prediction is as good: %.3f apart", d)
				}
			}
			for decile := 1; decile <= 9; decile++ {
				got, want := ages[len(ages)*decile/10], ageAt(q, float64(decile)/10)
				if want > float64(c.warm)*float64(Period) {
					continue // nothing can be as old yet
				}
				t.Logf("decile %d: measured %.2f s, predicted %.2f s", decile, got/1e9, want/1e9)
				if math.Abs(got-want) > max(0.15*want, float64(Period)/5) {
					t.Errorf("decile %d: measured %.2f s, predicted %.2f s", decile, got/1e9, want/1e9)
				}
			}
			late := 0
			for _, age := range ages {
				if age > float64(Silence(c.nodes)) {
					late++
				}
			}
			if share := float64(late) / float64(len(ages)); Silence(c.nodes) < time.Duration(c.warm)*Period && share > 0.025 {
				t.Errorf("%.3f of the reports are older than %v", share, Silence(c.nodes))
			}
			for i, bytes := range cluster.sent {
				if per := bytes / (c.warm + c.measured); per > FanOut*MaxMessage {
					t.Errorf("node %d sent %d bytes a period", i+1, per)
				}
			}
		})
	}
	if MaxMessage > 1300 {
		t.Errorf("a message has %d bytes", MaxMessage)
	}
}

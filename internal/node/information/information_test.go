package information

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/model/gossip"
	"openmosix/internal/model/load"
	"openmosix/internal/model/roster"
	"openmosix/internal/node/config"
	"openmosix/internal/role/member"
)

// network is nodes that hear each other. Its lock guards what tests change.
type network struct {
	mu    sync.Mutex
	nodes map[int]*node
	down  map[int]bool
	fixed bool
	twins map[int]bool
	sent  map[int]int // messages, by the node that told
}

type node struct {
	*Service
	own    int
	net    *network
	report load.Report
}

func (n *node) Some(k int) []config.Peer {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	var out []config.Peer
	for number := range n.net.nodes {
		if number != n.own && !n.net.down[number] {
			out = append(out, config.Peer{Number: number})
		}
	}
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(k, len(out))]
}

func (n *node) Tell(to config.Peer, kind member.Kind, payload []byte) error {
	n.net.mu.Lock()
	there, down := n.net.nodes[to.Number], n.net.down[to.Number] || n.net.down[n.own]
	n.net.sent[n.own]++
	n.net.mu.Unlock()
	if down || there == nil || there.Service == nil { // it may be about to come
		return errors.New("no such node")
	}
	there.Heard(append([]byte(nil), payload...))
	return nil
}

func (n *node) Node(number int) (roster.Node, bool) {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	r := roster.Node{Number: number, State: roster.Up}
	if n.net.fixed {
		r.State = roster.Unheard
	}
	if n.net.down[number] {
		r.State = roster.Down
	}
	if n.net.twins[number] {
		r.Twins = []string{"another"}
	}
	return r, n.net.nodes[number] != nil
}

func (n *node) change(edit func(*load.Report)) {
	n.net.mu.Lock()
	edit(&n.report)
	n.net.mu.Unlock()
	n.Changed()
}

// within runs a cluster of so many nodes in virtual time.
func within(t *testing.T, count int, then func(t *testing.T, net *network)) {
	synctest.Test(t, func(t *testing.T) {
		net := &network{nodes: map[int]*node{}, down: map[int]bool{}, twins: map[int]bool{}, sent: map[int]int{}}
		for i := 1; i <= count; i++ {
			n := &node{own: i, net: net, report: load.Report{Node: i, CPUs: 1, Speed: load.Standard, MemTotal: 1 << 30, MemFree: 1 << 29, Pressure: load.NoPressure}}
			n.Service = New(Options{Cluster: n, Log: slog.New(slog.DiscardHandler), Own: func() load.Report {
				net.mu.Lock()
				defer net.mu.Unlock()
				return n.report
			}})
			net.nodes[i] = n
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for _, n := range net.nodes {
			group.Go(func() { n.Run(ctx) })
		}
		then(t, net)
		cancel()
		group.Wait()
	})
}

func (n *node) known(number int) (Known, bool) {
	for _, k := range n.Reports() {
		if k.Report.Node == number {
			return k, true
		}
	}
	return Known{}, false
}

func TestEverybodyKnows(t *testing.T) {
	within(t, 20, func(t *testing.T, net *network) {
		time.Sleep(20 * time.Second)
		for i, n := range net.nodes {
			reports := n.Reports()
			if len(reports) != 19 {
				t.Errorf("node %d knows of %d", i, len(reports))
			}
			for _, k := range reports {
				if k.Age > 8*time.Second {
					t.Errorf("node %d knows of %d what is %v old", i, k.Report.Node, k.Age)
				}
			}
			if sent := net.sent[i]; sent < 15*gossip.FanOut || sent > 25*gossip.FanOut {
				t.Errorf("node %d told %d times in 20 s", i, sent)
			}
		}
	})
}

func TestQuietDownAndTwins(t *testing.T) {
	within(t, 4, func(t *testing.T, net *network) {
		one, two := net.nodes[1], net.nodes[2]
		two.change(func(r *load.Report) { r.Demand = 3 })
		time.Sleep(3 * time.Second)
		if k, known := one.known(2); !known || k.Report.Load() != 3 {
			t.Errorf("%+v %v", k, known)
		}
		two.change(func(r *load.Report) { r.Quiet = true })
		time.Sleep(gossip.Period)
		if k, known := one.known(2); known {
			t.Errorf("a quiet node is known: %+v", k)
		}
		for _, k := range one.Others() {
			if k.Report.Node == 2 && (!k.Report.Quiet || k.Report.Demand != 0 || k.Report.MemFree != 0) {
				t.Errorf("a quiet node tells %+v", k.Report)
			}
		}
		if r := two.Own(); r.Demand != 3 {
			t.Errorf("it knows of itself %+v", r)
		}
		two.change(func(r *load.Report) { r.Quiet = false })
		time.Sleep(gossip.Period)
		if _, known := one.known(2); !known {
			t.Error("not known again")
		}
		net.mu.Lock()
		net.down[3], net.twins[4] = true, true
		net.mu.Unlock()
		if r := one.Reports(); len(r) != 1 || r[0].Report.Node != 2 {
			t.Errorf("one is down, one has a twin: %+v", r)
		}
		if o := one.Others(); len(o) != 2 {
			t.Errorf("one is down: %+v", o)
		}
	})
}

// What was known of a node that says nothing more expires if nobody says that it
// is down, and counts for nothing soon if nobody says that it is up.
func TestExpiry(t *testing.T) {
	within(t, 3, func(t *testing.T, net *network) {
		time.Sleep(5 * time.Second)
		net.mu.Lock()
		net.nodes[3].net = &network{sent: map[int]int{}} // nobody is there
		net.mu.Unlock()
		time.Sleep(30 * time.Second)
		if k, known := net.nodes[1].known(3); !known || k.Age < 28*time.Second {
			t.Errorf("%+v %v", k, known)
		}
		net.mu.Lock()
		net.fixed = true
		net.mu.Unlock()
		if k, known := net.nodes[1].known(3); known {
			t.Errorf("silent, and nobody says that it is up: %+v", k)
		}
		if _, known := net.nodes[1].known(2); !known {
			t.Error("one that tells is taken for silent")
		}
		net.mu.Lock()
		net.fixed = false
		net.mu.Unlock()
		time.Sleep(gossip.Expiry)
		if k, known := net.nodes[1].known(3); known {
			t.Errorf("%+v", k)
		}
	})
}

// A burst is told before the second is over, and a storm of changes is not.
func TestChanges(t *testing.T) {
	within(t, 2, func(t *testing.T, net *network) {
		one, two := net.nodes[1], net.nodes[2]
		time.Sleep(10 * time.Second)
		for demand := range 10 {
			two.change(func(r *load.Report) { r.Demand = float64(demand) + 1 })
			time.Sleep(atLeast + time.Millisecond)
			if k, _ := one.known(2); k.Report.Demand != float64(demand)+1 {
				t.Errorf("%v is known when it is %d", k.Report.Demand, demand+1)
			}
		}
		before := net.sent[2]
		for i := range 1000 {
			two.change(func(r *load.Report) { r.Guests = i })
			time.Sleep(time.Millisecond)
		}
		if sent := net.sent[2] - before; sent > int(time.Second/atLeast)+1 {
			t.Errorf("told %d times in a second", sent)
		}
		before = net.sent[2]
		for range 1000 {
			two.change(func(r *load.Report) { r.Demand += 0.0001 })
			time.Sleep(time.Millisecond)
		}
		if sent := net.sent[2] - before; sent > 2 {
			t.Errorf("told %d times in a second in which nothing happened", sent)
		}
	})
}

func TestLearnAndForget(t *testing.T) {
	within(t, 2, func(t *testing.T, net *network) {
		one := net.nodes[1]
		net.mu.Lock()
		net.nodes[7] = &node{}
		net.mu.Unlock()
		one.Learn(load.Report{Node: 7, CPUs: 1, Speed: 1, Demand: 2})
		if k, known := one.known(7); !known || k.Age != 0 || k.Report.Demand != 2 {
			t.Errorf("%+v %v", k, known)
		}
		one.Forget(7)
		if k, known := one.known(7); known {
			t.Errorf("%+v", k)
		}
		one.Heard([]byte("garbage"))
		net.mu.Lock()
		delete(net.nodes, 7)
		net.mu.Unlock()
	})
}

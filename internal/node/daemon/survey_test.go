package daemon

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"openmosix/internal/model/load"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
)

// What a node tells is shown with its age; it is asked when that is wanted, when
// nothing is known of it, and once for its name, which peers here have not.
func TestNodesAreKnownNotAsked(t *testing.T) {
	one, two := twoNodes(t, nil)
	nodes := func(ask bool) []control.Node {
		r := one.ask(t, control.Request{Verb: control.Nodes, Ask: ask})
		if len(r.Nodes) != 3 || r.Nodes[0].Number != 1 || r.Nodes[2].Number != 3 {
			t.Fatalf("%+v", r)
		}
		return r.Nodes
	}
	waitFor(t, "what node 2 tells", func() bool {
		n := nodes(false)
		return n[1].Up && n[1].AskMicros == 0 && n[1].Name == "node2" && n[1].AgeMillis < 5000
	})
	two.admin(t, 0, "setspeed", 4711)
	waitFor(t, "news of node 2", func() bool { n := nodes(false); return n[1].AskMicros == 0 && n[1].Speed == 4711 })
	if k := one.information.Reports(); len(k) != 1 || k[0].Report.Node != 2 || k[0].Report.CPU != 7 || k[0].Report.MaxGuests != 8 || k[0].Report.MemFree == 0 {
		t.Errorf("%+v", k)
	}
	if n := nodes(true); n[1].AskMicros == 0 || n[1].AgeMillis != 0 || n[1].Speed != 4711 || n[1].Name != "node2" {
		t.Errorf("asked: %+v", n[1])
	}
	if n := nodes(false); !n[0].Self || !n[0].Up || n[2].Up || n[2].Text == "" {
		t.Errorf("oneself, and a node that is not there: %+v", n)
	}
	two.admin(t, 0, "quiet")
	waitFor(t, "the quiet of node 2", func() bool { n := nodes(false); return n[1].Quiet && n[1].Up && n[1].MemFree == 0 })
	if k := one.information.Reports(); len(k) != 0 {
		t.Errorf("a quiet node counts: %+v", k)
	}
	two.stop()
	waitFor(t, "the end of node 2", func() bool { return !nodes(true)[1].Up })
	if n := nodes(false); n[1].Up {
		t.Errorf("what did not answer is believed: %+v", n[1])
	}
}

// Hundreds of nodes that cannot be reached cost nothing while they tell of themselves.
func TestManyNodesAreNotAsked(t *testing.T) {
	const many = 500
	key, err := trust.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Number, c.Name, c.Discovery.Enabled = 1, "one", false
	c.StateDir, c.RunDir = filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "run")
	for i := 2; i <= many; i++ {
		c.Peers = append(c.Peers, config.Peer{Number: i, Name: fmt.Sprintf("node%d", i), Address: "192.0.2.1:7779"})
	}
	d, err := New(c, trust.RingOf(key), nil, newMachine(1<<30), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for i := 2; i <= many; i++ {
		d.information.Learn(load.Report{Node: i, CPUs: 4, Speed: load.Standard, Demand: 2, Accepting: true, Pressure: load.NoPressure})
	}
	nodes := d.nodesNow(t.Context(), false)
	if len(nodes) != many {
		t.Fatalf("%d nodes", len(nodes))
	}
	for _, n := range nodes {
		if !n.Up || n.AskMicros != 0 || !n.Self && n.Load != 0.5 || n.Name == "" {
			t.Errorf("%+v", n)
		}
	}
	t.Logf("%d nodes in %v", many, time.Since(begun))
}

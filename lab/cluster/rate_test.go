package cluster

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A node's links have the rate it was given, both ways; another's have none.
func TestRate(t *testing.T) {
	needRoot(t)
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("tc is not here")
	}
	lab, err := Up(context.Background(), Options{Base: filepath.Join(t.TempDir(), "labs"), Name: "t", Nodes: 2, Rate: []int{100, Unlimited}, Bound: true})
	if err != nil && strings.Contains(err.Error(), "sch_tbf") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Down()
	for node, want := range map[int]bool{1: true, 2: false} {
		text, _ := sh(t, lab, node, "tc qdisc show dev eth0")
		if got := strings.Contains(text, "rate 100Mbit"); got != want {
			t.Errorf("node %d: %s", node, text)
		}
	}
}

func TestBadRates(t *testing.T) {
	for _, rates := range [][]int{{100}, {-1, 100}, {100, maxRate + 1}} {
		o := Options{Nodes: 2, Rate: rates}
		if err := o.complete(); err == nil {
			t.Errorf("%v: no error", rates)
		}
	}
}

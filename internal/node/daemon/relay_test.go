package daemon

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/peer"
)

func newPasses() *relay { return &relay{passes: make(map[supervisor.Session]pass)} }

func TestAPassIsGoodOnce(t *testing.T) {
	r := newPasses()
	to := netip.MustParseAddrPort("10.0.0.3:7779")
	name, err := r.draw(pass{to: to, left: 1, node: 2, until: time.Now().Add(passLife)})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := r.redeem(name); err != nil || p.to != to || p.left != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := r.redeem(name); err == nil {
		t.Error("it is good twice")
	}
	if _, err := r.redeem(supervisor.Session{1}); err == nil {
		t.Error("a guess is good")
	}
	if name, err = r.draw(pass{until: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.redeem(name); err == nil {
		t.Error("an old one is good")
	}
}

func TestPassesAreBounded(t *testing.T) {
	r := newPasses()
	drawn := make(map[int]int)
	for node := range 2 * maxPasses / maxPassesOfNode {
		for range maxPassesOfNode + 5 {
			if _, err := r.draw(pass{node: node, until: time.Now().Add(time.Hour)}); err == nil {
				drawn[node]++
			}
		}
		if drawn[node] > maxPassesOfNode {
			t.Errorf("node %d has %d", node, drawn[node])
		}
	}
	if drawn[0] != maxPassesOfNode || len(r.passes) != maxPasses {
		t.Errorf("%d in all: %v", len(r.passes), drawn)
	}
	for name, p := range r.passes {
		p.until = time.Now().Add(-time.Second)
		r.passes[name] = p
	}
	if _, err := r.draw(pass{until: time.Now().Add(time.Hour)}); err != nil || len(r.passes) != 1 {
		t.Errorf("old ones are kept: %d, %v", len(r.passes), err)
	}
}

// A daemon of the cluster that asks a node which is no relay, or asks one for
// what is no member, gets nothing.
func TestNoPass(t *testing.T) {
	_, two := twoNodes(t, nil)
	for _, to := range []string{"10.9.9.9:22", "nonsense", "127.0.0.1:7779"} {
		_, err := two.grantPass(1, peer.Pass{To: to, Left: 1})
		if err == nil || !strings.Contains(err.Error(), "does not pass on to "+to) {
			t.Errorf("%s: %v", to, err)
		}
	}
	if len(two.relay.passes) != 0 {
		t.Error("there is a pass all the same")
	}
}

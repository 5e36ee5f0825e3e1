package membership

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"openmosix/internal/model/roster"
	"openmosix/internal/model/seal"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/role/member"
)

// hears waits until a node is told a text; packets may be lost, so it is told
// again and again.
func hears(t *testing.T, n *node, text string, tell func() error) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if err := tell(); err != nil && time.Now().After(end) {
			t.Fatal(err)
		}
		n.ears.Lock()
		heard := bytes.Contains(n.heard, []byte(text))
		n.ears.Unlock()
		if heard {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%q is not heard", text)
		}
	}
}

func TestTell(t *testing.T) {
	key := newKey(t)
	one, seed := startNode(t, key, 1)
	two, _ := startNode(t, key, 2, seed)
	sees(t, one, 2, roster.Up)
	sees(t, two, 1, roster.Up)
	peers := one.Some(5)
	if len(peers) != 1 || peers[0].Number != 2 {
		t.Fatalf("%+v", peers)
	}
	hears(t, two, "from one", func() error { return one.Tell(peers[0], member.Load, []byte("from one")) })
	if err := one.Tell(peers[0], member.Load, make([]byte, member.MaxPayload+1)); err == nil || !strings.Contains(err.Error(), "more than a packet") {
		t.Errorf("%v", err)
	}
}

// A fixed list of nodes has no membership, and is told all the same; also by a
// name, and by a node that has one.
func TestTellFixed(t *testing.T) {
	key := newKey(t)
	fixed, address := startFixed(t, key, 1, nil)
	finding, other := startNode(t, key, 2)
	_, port, _ := net.SplitHostPort(other)
	to := config.Peer{Number: 2, Address: "localhost:" + port}
	hears(t, finding, "fixed", func() error { return fixed.Tell(to, member.Load, []byte("fixed")) })
	third, _ := startFixed(t, key, 3, []config.Peer{{Number: 1, Address: address}, {Number: 3, Address: "127.0.0.1:1"}})
	if some := third.Some(9); len(some) != 1 || some[0].Number != 1 {
		t.Errorf("%+v", some)
	}
	hears(t, fixed, "third", func() error { return third.Tell(third.Some(1)[0], member.Load, []byte("third")) })
	if n, _ := third.Node(1); n.State != roster.Unheard {
		t.Errorf("a fixed node is %s", n.State)
	}
}

func startFixed(t *testing.T, key trust.Key, number int, peers []config.Peer) (*node, string) {
	t.Helper()
	circle, err := trust.NewCircle(trust.RingOf(key))
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bound := netip.MustParseAddrPort(socket.LocalAddr().String())
	socket.Close()
	c := config.Default()
	c.Number, c.Discovery.Enabled, c.Peers = number, false, peers
	n := &node{}
	n.Table = New(c, Options{
		Gossip:  func() []seal.Secret { return circle.Gossip(time.Now()) },
		Refused: func(_ netip.Addr, err error) { t.Error(err) },
		Told:    n.hear,
		Log:     slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if err := n.Run(ctx, bound); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); group.Wait() })
	return n, bound.String()
}

func TestSome(t *testing.T) {
	c := config.Default()
	c.Number = 1
	for i := 1; i <= 10; i++ {
		c.Peers = append(c.Peers, config.Peer{Number: i, Address: "a:1"})
	}
	table := New(c, Options{Log: slog.New(slog.DiscardHandler)})
	chosen := map[int]int{}
	for range 3000 {
		some := table.Some(3)
		if len(some) != 3 || some[0].Number == some[1].Number || some[1].Number == some[2].Number || some[0].Number == some[2].Number {
			t.Fatalf("%+v", some)
		}
		for _, p := range some {
			chosen[p.Number]++
		}
	}
	for i := 2; i <= 10; i++ {
		if chosen[i] < 700 || chosen[i] > 1300 {
			t.Errorf("node %d is chosen %d times of 3000, expected are 1000", i, chosen[i])
		}
	}
	if len(chosen) != 9 {
		t.Errorf("%v", chosen)
	}
	if err := table.Tell(config.Peer{}, member.Load, nil); err == nil {
		t.Error("told before it listens")
	}
}

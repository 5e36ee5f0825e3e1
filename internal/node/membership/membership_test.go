package membership

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/roster"
	"openmosix/internal/model/seal"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/role/member"
	"openmosix/internal/role/transport"
)

// node is a table with as much of a daemon as it needs.
type node struct {
	*Table
	refused atomic.Uint64
	stop    func()

	ears  sync.Mutex
	heard []byte // all that others told
}

func (n *node) hear(_ member.Kind, payload []byte) {
	n.ears.Lock()
	defer n.ears.Unlock()
	n.heard = append(n.heard, payload...)
}

// freePort is a TCP listener whose number is free for UDP too.
func freePort(t *testing.T) (net.Listener, netip.AddrPort) {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		packets, err := net.ListenPacket("udp", listener.Addr().String())
		if err == nil {
			packets.Close()
			return listener, netip.MustParseAddrPort(listener.Addr().String())
		}
		listener.Close()
	}
}

// startNode brings a node of this number up at 127.0.0.1. It knows the seeds.
func startNode(t *testing.T, key trust.Key, number int, seeds ...string) (n *node, address string) {
	t.Helper()
	circle, err := trust.NewCircle(trust.RingOf(key))
	if err != nil {
		t.Fatal(err)
	}
	identity := func() supervisor.Identity {
		leaf, err := circle.Issue(trust.Name{Node: number, Role: trust.Daemon}, time.Now(), rand.Reader)
		if err != nil {
			t.Error(err)
		}
		return supervisor.Identity(leaf)
	}
	listener, bound := freePort(t)
	c := config.Default()
	c.Number, c.Name, c.Listen, c.Advertise = number, fmt.Sprintf("node%d", number), bound.String(), "127.0.0.1"
	c.Discovery.Multicast, c.Discovery.Seeds = false, seeds
	n = &node{}
	n.Table = New(c, Options{
		Gossip: func() []seal.Secret { return circle.Gossip(time.Now()) },
		Beacon: func() []seal.Secret { return circle.Beacon(time.Now()) },
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			return transport.DialGossip(ctx, transport.Way{Address: address}, identity())
		},
		Refused:  func(netip.Addr, error) { n.refused.Add(1) },
		Told:     n.hear,
		Happened: func(event.What) {},
		Moved:    func() {},
		Log:      slog.New(slog.DiscardHandler),
	})
	gate := &transport.Gate{Allowed: n.Allowed, Refused: func(netip.Addr, error) { n.refused.Add(1) },
		Settle: func(conn net.Conn, _ transport.Preface) (func(), error) {
			server, err := transport.Server(conn, identity(), trust.Daemon)
			if err != nil {
				return nil, err
			}
			return func() { n.Take(server) }, nil
		}}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { gate.Serve(ctx, listener) })
	group.Go(func() {
		if err := n.Run(ctx, bound); err != nil {
			t.Error(err)
		}
	})
	n.stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	t.Cleanup(n.stop)
	return n, bound.String()
}

func newKey(t *testing.T) trust.Key {
	t.Helper()
	key, err := trust.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sees waits until a node has another in this state; "" is not at all.
func sees(t *testing.T, n *node, number int, want roster.State) roster.Node {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got, known := n.Node(number)
		if known && got.State == want || !known && want == "" {
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("node %d: %+v (known %v), want %q", number, got, known, want)
		}
	}
}

func TestNodesFindEachOtherBySeeds(t *testing.T) {
	key := newKey(t)
	one, seed := startNode(t, key, 1)
	two, _ := startNode(t, key, 2, seed)
	three, _ := startNode(t, key, 3, seed)
	for _, n := range []*node{one, two, three} {
		for number := 1; number <= 3; number++ {
			sees(t, n, number, roster.Up)
		}
	}
	if p, ok := two.Lookup(3); !ok || p.Name != "node3" || len(two.List()) != 3 {
		t.Errorf("%+v %v", p, two.List())
	}
	three.stop()
	sees(t, one, 3, "") // it said goodbye
	sees(t, two, 3, "")
}

func TestStrangersStayOut(t *testing.T) {
	one, seed := startNode(t, newKey(t), 1)
	stranger, _ := startNode(t, newKey(t), 2, seed)
	for end := time.Now().Add(10 * time.Second); one.refused.Load() == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	conn, err := net.Dial("udp", seed)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte("garbage"))
	for end := time.Now().Add(10 * time.Second); one.refused.Load() < 2 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	if one.refused.Load() < 2 {
		t.Errorf("%d refusals are counted", one.refused.Load())
	}
	sees(t, one, 2, "")
	sees(t, stranger, 1, "")
}

func TestOneNumberTwice(t *testing.T) {
	key := newKey(t)
	one, seed := startNode(t, key, 1)
	first, _ := startNode(t, key, 2, seed)
	sees(t, one, 2, roster.Up)
	second, _ := startNode(t, key, 2, seed)
	for _, n := range []*node{one, first, second} {
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if two, _ := n.Node(2); len(two.Twins) == 1 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the twin is not noticed")
			}
		}
	}
}

func TestComingAndGoingLeavesNothing(t *testing.T) {
	key := newKey(t)
	one, seed := startNode(t, key, 1)
	before := 0
	for i := range 12 {
		n, _ := startNode(t, key, 2+i%3, seed)
		sees(t, one, 2+i%3, roster.Up)
		n.stop()
		sees(t, one, 2+i%3, "") // it said goodbye
		if i == 2 {
			before = runtime.NumGoroutine()
		}
	}
	// Streams that are just ending take their moment.
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+2 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
	}
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestAllowed(t *testing.T) {
	c := config.Default()
	c.Number, c.Networks = 1, []string{"10.1.0.0/16", "fd00::/8"}
	table := New(c, Options{})
	for text, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "fd00::1": true, "fe80::1%eth0": false, "127.0.0.1": true} {
		if got := table.Allowed(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	c.Networks, c.Discovery.Seeds, c.Discovery.Interfaces = nil, []string{"192.0.2.7:1"}, []string{"none"}
	table.Configure(c)
	if !table.Allowed(netip.MustParseAddr("192.0.2.7")) || table.Allowed(netip.MustParseAddr("10.1.2.3")) {
		t.Error("the default list is not that of interfaces and seeds")
	}
}

// A relay passes on to members that are up, and only if it is one.
func TestPassOn(t *testing.T) {
	key := newKey(t)
	one, seed := startNode(t, key, 1)
	two, address := startNode(t, key, 2, seed)
	sees(t, one, 2, roster.Up)
	to := netip.MustParseAddrPort(address)
	if _, err := one.PassOn(to, 1); !errors.Is(err, errNoRelay) {
		t.Errorf("no relay: %v", err)
	}
	c := one.settings
	c.Topology.Relay = true
	one.Configure(c)
	if way, err := one.PassOn(to, 0); err != nil || way.Address != to || way.Relay != 0 {
		t.Errorf("%+v, %v", way, err)
	}
	for _, stranger := range []string{"127.0.0.1:22", "192.0.2.1:7779", seed} {
		if _, err := one.PassOn(netip.MustParseAddrPort(stranger), 2); !errors.Is(err, errNoMember) {
			t.Errorf("%s: %v", stranger, err)
		}
	}
	two.stop()
	sees(t, one, 2, "")
	if _, err := one.PassOn(to, 1); !errors.Is(err, errNoMember) {
		t.Errorf("it has left: %v", err)
	}
}

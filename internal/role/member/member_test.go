package member

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openmosix/internal/model/seal"
	"openmosix/internal/model/topology"
)

// patience is how long anything may take that takes a moment.
const patience = 30 * time.Second

// node is a group with its sockets on loopback, and what it has heard. Its
// streams are not encrypted: that is Dial's affair.
type node struct {
	*Group
	self     Member
	listener net.Listener
	crash    func()        // ends it without a word
	loss     atomic.Uint64 // per cent of the packets it sends that get lost
	refused  atomic.Uint64

	mu      sync.Mutex
	up      map[int]bool
	said    []string // "2 left", "3 gone"
	why     error    // of the last refusal
	offered int
}

func (n *node) Up(m Member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.up[m.Number] = true
}

func (n *node) Down(m Member, left bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.up, m.Number)
	word := "gone"
	if left {
		word = "left"
	}
	n.said = append(n.said, fmt.Sprintf("%d %s", m.Number, word))
}

func (n *node) Offered(m []Member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.offered += len(m)
}

func (n *node) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.up)
}

func (n *node) heard(word string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.said, word)
}

func (n *node) refusal() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.why
}

func secrets() []seal.Secret { return []seal.Secret{{ID: [4]byte{1}, Key: [32]byte{2}}} }

// freePort is a TCP listener whose number is free for UDP too.
func freePort(t testing.TB) (net.Listener, netip.AddrPort) {
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

// start brings a node up for the time of the test; its clock is off by skew.
func start(t testing.TB, number int, skew time.Duration, adjust func(*Options)) *node {
	t.Helper()
	n := begin(t, number, skew, adjust)
	t.Cleanup(n.crash)
	return n
}

// begin is start of a node that the test ends.
func begin(t testing.TB, number int, skew time.Duration, adjust func(*Options)) *node {
	t.Helper()
	listener, address := freePort(t)
	n := &node{listener: listener, up: make(map[int]bool),
		self: Member{Name: fmt.Sprintf("node%d", number), Node: topology.Node{Number: number, Address: address}}}
	nowhere := netip.MustParseAddrPort("127.0.0.1:1")
	o := Options{
		Self: n.self, Listen: address.String(), Secrets: secrets,
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address)
		},
		Way: func(to netip.AddrPort) topology.Way {
			if rand.Uint64N(100) < n.loss.Load() {
				return topology.Way{Address: nowhere}
			}
			return topology.Way{Address: to}
		},
		PassOn:  func(netip.AddrPort, int) (topology.Way, error) { return topology.Way{}, errors.New("no relay") },
		Allowed: func(netip.Addr) bool { return true },
		Judge:   func(Member) error { return nil },
		Refused: func(_ netip.Addr, err error) {
			n.refused.Add(1)
			n.mu.Lock()
			n.why = err
			n.mu.Unlock()
		},
		Events: n, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().Add(skew) },
	}
	if adjust != nil {
		adjust(&o)
	}
	var err error
	if n.Group, err = New(o); err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n.Take(conn)
		}
	})
	n.crash = sync.OnceFunc(func() {
		listener.Close()
		n.Close()
		serving.Wait()
	})
	return n
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// cluster is so many nodes that see each other.
func cluster(t testing.TB, size int) []*node {
	t.Helper()
	var all []*node
	for i := range size {
		all = append(all, start(t, i+1, 0, nil))
		if i > 0 {
			if err := all[i].Join([]string{all[0].self.Address.String()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, n := range all {
		eventually(t, fmt.Sprintf("node %d sees all", n.self.Number), func() bool { return n.count() == size-1 })
	}
	return all
}

// One that is closed while it waits for an answer says nothing of who did not give it.
func TestAClosedGroupIsSilent(t *testing.T) {
	all := cluster(t, 2)
	known := all[0].list.Members()
	all[0].crash()
	for _, m := range known {
		events{all[0].Group}.NotifyLeave(m) // as memberlist does when it has waited for long enough
	}
	if all[0].heard("2 gone") {
		t.Error("it takes the other for dead")
	}
}

// Nobody's packets arrive: the goodbye does.
func TestAGoodbyeNeedsNoPackets(t *testing.T) {
	all := cluster(t, 4)
	for _, n := range all {
		n.loss.Store(100)
	}
	_ = all[0].Leave() // that memberlist's own word goes out is not needed
	all[0].crash()
	for _, n := range all[1:] {
		eventually(t, fmt.Sprintf("node %d hears the goodbye", n.self.Number), func() bool { return n.heard("1 left") })
	}
}

// Half of the packets are lost, and only one node is told over a stream: it is
// spread on.
func TestAGoodbyeIsSpreadOn(t *testing.T) {
	all := cluster(t, 8)
	for _, n := range all {
		n.loss.Store(50)
	}
	word := goodbye{id: all[7].self.id(), run: all[7].run}
	all[7].crash()
	all[0].hear(word.Message())
	for _, n := range all[:7] {
		eventually(t, fmt.Sprintf("node %d hears the goodbye", n.self.Number), func() bool { return n.heard("8 left") })
	}
}

// A crash is no goodbye, and one of an earlier life is none of this.
func TestACrashIsNoGoodbye(t *testing.T) {
	all := cluster(t, 3)
	old := goodbye{id: all[2].self.id(), run: all[2].run - 1}
	all[0].hear(old.Message())
	all[2].crash()
	for _, n := range all[:2] {
		eventually(t, "the crash is noticed", func() bool { return n.heard("3 gone") })
		if n.heard("3 left") {
			t.Error("it has not left")
		}
	}
	// Its goodbye comes late, when it has been missed.
	all[0].hear(goodbye{id: all[2].self.id(), run: all[2].run}.Message())
	eventually(t, "it left after all", func() bool { return all[0].heard("3 left") && all[1].heard("3 left") })
}

// A node that comes hears the goodbyes of late, also those of its own lives before: of a
// life that was never seen here nothing is told.
func TestGoodbyesOfNodesNeverSeen(t *testing.T) {
	n := start(t, 1, 0, nil)
	for run := range run(3) {
		n.hear(goodbye{id: n.self.id(), run: run}.Message())
		n.hear(goodbye{id: "2@127.0.0.1:1", run: run}.Message())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.said) > 0 {
		t.Errorf("told: %q", n.said)
	}
}

func TestAMemberThatIsNotWanted(t *testing.T) {
	one := start(t, 1, 0, func(o *Options) { o.Judge = func(Member) error { return errors.New("not in these networks") } })
	two := start(t, 2, 0, nil)
	if err := two.Join([]string{one.self.Address.String()}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "node 2 sees node 1", func() bool { return two.count() == 1 })
	if one.count() != 0 {
		t.Error("node 1 has taken it")
	}
}

// Packets for another network go through the relay, both ways.
func TestPacketsThroughARelay(t *testing.T) {
	var relay *node
	over := func(o *Options) {
		o.Way = func(to netip.AddrPort) topology.Way {
			if to == relay.self.Address {
				return topology.Way{Address: to}
			}
			return topology.Way{Address: relay.self.Address, Relay: 2}
		}
	}
	var passed atomic.Uint64
	relay = start(t, 2, 0, func(o *Options) {
		o.PassOn = func(to netip.AddrPort, left int) (topology.Way, error) {
			passed.Add(1)
			return topology.Way{Address: to}, nil
		}
	})
	one, three := start(t, 1, 0, over), start(t, 3, 0, over)
	for _, n := range []*node{one, three} {
		if err := n.Join([]string{relay.self.Address.String()}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all see all", func() bool { return one.count() == 2 && three.count() == 2 && relay.count() == 2 })
	eventually(t, "they ask each other", func() bool { return passed.Load() > 8 })
	if r := one.refused.Load() + three.refused.Load() + relay.refused.Load(); r != 0 {
		t.Errorf("%d packets refused: %v %v %v", r, one.refusal(), three.refusal(), relay.refusal())
	}
	if one.heard("3 gone") || three.heard("1 gone") {
		t.Error("they lose each other")
	}
}

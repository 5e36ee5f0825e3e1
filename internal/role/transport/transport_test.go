package transport

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
)

func cluster(t testing.TB) *trust.Authority {
	t.Helper()
	key, err := trust.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := key.Authority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func identity(t testing.TB, a *trust.Authority, node int, role trust.Role) supervisor.Identity {
	t.Helper()
	leaf, err := a.Issue(trust.Name{Node: node, Role: role}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return supervisor.Identity(leaf)
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

type result struct {
	conn    *tls.Conn
	preface Preface
	err     error
}

// acceptOne serves one connection as a daemon or guest supervisor would.
func acceptOne(l net.Listener, id supervisor.Identity, want trust.Role) chan result {
	out := make(chan result, 1)
	go func() {
		raw, err := l.Accept()
		if err != nil {
			out <- result{err: err}
			return
		}
		p, err := ReadPreface(raw, time.Now().Add(HandshakeTimeout))
		if err != nil {
			raw.Close()
			out <- result{err: err}
			return
		}
		conn, err := Server(raw, id, want)
		out <- result{conn, p, err}
	}()
	return out
}

func TestDialAndServe(t *testing.T) {
	a := cluster(t)
	l := listen(t)
	served := acceptOne(l, identity(t, a, 2, trust.Guest), trust.Home)
	session := supervisor.Session{1, 2, 3}
	conn, err := Dial(t.Context(), Way{Address: l.Addr().String()}, &session, identity(t, a, 1, trust.Home), trust.Guest)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := <-served
	if s.err != nil || s.preface != (Preface{ToSession, session}) {
		t.Fatalf("server: %+v", s)
	}
	defer s.conn.Close()
	if name, err := PeerOf(conn); err != nil || name != (trust.Name{Node: 2, Role: trust.Guest}) {
		t.Errorf("client sees %v, %v", name, err)
	}
	if name, err := PeerOf(s.conn); err != nil || name != (trust.Name{Node: 1, Role: trust.Home}) {
		t.Errorf("server sees %v, %v", name, err)
	}
	x, y := NewFramed(conn), NewFramed(s.conn)
	go x.Send(3, 1<<60, []byte("a"), []byte("b"))
	if f, err := y.Recv(); err != nil || f.Kind != 3 || f.ID != 1<<60 || string(f.Data) != "ab" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestHandshakeRefuses(t *testing.T) {
	a, other := cluster(t), cluster(t)
	server := identity(t, a, 2, trust.Daemon)
	for name, c := range map[string]struct {
		client     supervisor.Identity
		clientWant trust.Role
		server     supervisor.Identity
	}{
		"client of another cluster": {identity(t, other, 1, trust.Daemon), trust.Daemon, server},
		"server of another cluster": {identity(t, a, 1, trust.Daemon), trust.Daemon, identity(t, other, 2, trust.Daemon)},
		"client in the wrong role":  {identity(t, a, 1, trust.Guest), trust.Daemon, server},
		"server in the wrong role":  {identity(t, a, 1, trust.Daemon), trust.Guest, server},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			served := acceptOne(l, c.server, trust.Daemon)
			conn, err := Dial(t.Context(), Way{Address: l.Addr().String()}, nil, c.client, c.clientWant)
			if err == nil {
				conn.Close()
				t.Error("dial succeeded")
			}
			if s := <-served; s.err == nil {
				s.conn.Close()
				t.Error("the server accepted")
			}
		})
	}
}

func TestDialEndsWithItsContextAgainstASilentPeer(t *testing.T) {
	a := cluster(t)
	l := listen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := Dial(ctx, Way{Address: l.Addr().String()}, nil, identity(t, a, 1, trust.Daemon), trust.Daemon); err == nil {
		t.Fatal("connected to nobody")
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestGate(t *testing.T) {
	a := cluster(t)
	id := identity(t, a, 2, trust.Daemon)
	var refused atomic.Int64
	served := make(chan trust.Name, 1)
	gate := &Gate{
		Settle: func(conn net.Conn, p Preface) (func(), error) {
			if p.Kind != ToDaemon {
				return nil, errors.New("no such session")
			}
			server, err := Server(conn, id, trust.Daemon)
			if err != nil {
				return nil, err
			}
			return func() { name, _ := PeerOf(server); server.Close(); served <- name }, nil
		},
		Refused: func(netip.Addr, error) { refused.Add(1) },
	}
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- gate.Serve(ctx, l) }()

	garbage, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	garbage.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	if n, _ := garbage.Read(make([]byte, 100)); n != 0 {
		t.Error("garbage got an answer")
	}
	garbage.Close()
	session := supervisor.Session{9}
	if _, err := Dial(ctx, Way{Address: l.Addr().String()}, &session, id, trust.Guest); err == nil {
		t.Error("an unknown session was served")
	}
	for deadline := time.Now().Add(10 * time.Second); refused.Load() < 2 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // who is refused sees it first
	}
	if n := refused.Load(); n != 2 || gate.RefusedCount() != 2 {
		t.Errorf("%d refusals told, %d counted, want 2", n, gate.RefusedCount())
	}

	// One address may not take all places of the others.
	var idle []net.Conn
	for range maxHalfOpenPerSource + 1 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	last := idle[len(idle)-1]
	last.SetReadDeadline(time.Now().Add(3 * time.Second))
	if _, err := last.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "timeout") {
		t.Errorf("connection over the bound was not closed: %v", err)
	}
	for _, c := range idle {
		c.Close()
	}
	for try := 0; ; try++ {
		conn, err := Dial(ctx, Way{Address: l.Addr().String()}, nil, identity(t, a, 7, trust.Daemon), trust.Daemon)
		if err == nil {
			conn.Close()
			break
		}
		if try == 100 {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if name := <-served; name.Node != 7 {
		t.Errorf("served %v", name)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func FuzzPreface(f *testing.F) {
	f.Add(Preface{Kind: ToDaemon}.encode())
	f.Add(Preface{Kind: ToSession, Session: supervisor.Session{1}}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := decodePreface(b); err == nil && string(p.encode()) != string(b) {
			t.Fatalf("%x decodes to %+v", b, p)
		}
	})
}

func BenchmarkHandshake(b *testing.B) {
	a := cluster(b)
	client, server := identity(b, a, 1, trust.Daemon), identity(b, a, 2, trust.Daemon)
	l := listen(b)
	for b.Loop() {
		served := acceptOne(l, server, trust.Daemon)
		conn, err := Dial(b.Context(), Way{Address: l.Addr().String()}, nil, client, trust.Daemon)
		if err != nil {
			b.Fatal(err)
		}
		conn.Close()
		(<-served).conn.Close()
	}
}

// Who takes a connection and says nothing is named as that; who gives the connection up is not told so.
func TestOneThatNeverAnswers(t *testing.T) {
	a, l := cluster(t), listen(t) // the kernel takes the connections
	id := identity(t, a, 1, trust.Daemon)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // the connection itself takes its time on a busy machine
	defer cancel()
	if _, err := Dial(ctx, Way{Address: l.Addr().String()}, nil, id, trust.Daemon); !errors.Is(err, errMute) {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Dial(ctx, Way{Address: l.Addr().String()}, nil, id, trust.Daemon); err == nil || errors.Is(err, errMute) {
		t.Errorf("%v", err)
	}
}

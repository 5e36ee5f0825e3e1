package daemon

import (
	"context"
	"crypto/rand"
	"net"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/model/wire"
	"openmosix/internal/node/control"
	"openmosix/internal/node/peer"
	"openmosix/internal/role/transport"
)

// lenderThatGrants is a node 3 that lends to everybody, and says that its guest supervisors speak protocol; its clock is ahead. What it hears of
// sessions that nobody will come for goes to orphans.
func lenderThatGrants(t *testing.T, address string, circle *trust.Circle, protocol int, ahead time.Duration, orphans chan<- supervisor.Session) {
	t.Helper()
	leaf, err := circle.Issue(trust.Name{Node: 3, Role: trust.Daemon}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	gate := transport.Gate{Settle: func(conn net.Conn, _ transport.Preface) (func(), error) {
		server, err := transport.Server(conn, supervisor.Identity(leaf), trust.Daemon)
		if err != nil {
			return nil, err
		}
		return func() {
			_ = peer.Serve(t.Context(), server, func(_ context.Context, _ trust.Name, r peer.Request, _ func(control.Progress)) peer.Reply {
				if r.Orphan != nil {
					orphans <- *r.Orphan
					return peer.Reply{}
				}
				return peer.Reply{Opened: &supervisor.Opened{Session: supervisor.Session{9}, Protocol: protocol, Version: "0.9", Wall: time.Now().Add(ahead).UnixNano()}}
			})
		}, nil
	}}
	t.Cleanup(func() { _ = listener.Close() })
	go func() { _ = gate.Serve(t.Context(), listener) }()
}

// Supervisors that would not understand each other do not meet: whichever side compares, it says so at once, names both
// versions, and leaves no session behind.
func TestOtherVersions(t *testing.T) {
	one, two := twoNodes(t, func(d *Daemon) { d.Called("1.0") })
	open := supervisor.Open{PID: 4711, Need: supervisor.Need{Memory: 1 << 20}, Protocol: wire.Protocol}
	const later = wire.Protocol + 1

	refused := func(what string, o supervisor.Opened, words ...string) {
		t.Helper()
		if o.Code != supervisor.Refused || o.Session != (supervisor.Session{}) {
			t.Errorf("%s: %+v", what, o)
		}
		for _, w := range words {
			if !strings.Contains(o.Text, w) {
				t.Errorf("%s: no %q in %q", what, w, o.Text)
			}
		}
	}
	// The lender compares.
	from := trust.Name{Node: 1, Role: trust.Daemon}
	for what, o := range map[string]supervisor.Open{
		"a later home":    {Protocol: later, Version: "1.1"},
		"an earlier home": {Need: open.Need},
	} {
		opened := two.peerRequest(t.Context(), from, peer.Request{Open: &o}, nil).Opened
		refused(what, *opened, "node 1 runs", "node 2 runs version 1.0 with protocol", "until both have the same")
		if opened.Protocol != wire.Protocol || opened.Version != "1.0" {
			t.Errorf("%s is not told what the lender speaks: %+v", what, opened)
		}
	}
	// The home compares what the lender says, who has not.
	orphans := make(chan supervisor.Session, 2)
	for what, protocol := range map[string]int{"an earlier lender": wire.Unsaid, "a later lender": later} {
		t.Run(what, func(t *testing.T) {
			lenderThatGrants(t, one.config.Peers[2].Address, one.circle.Load(), protocol, 0, orphans)
			o := open
			o.Node = 3
			refused(what, one.open(o), "node 1 runs version 1.0 with protocol", "node 3 runs", "until both have the same")
			select {
			case s := <-orphans:
				if s != (supervisor.Session{9}) {
					t.Errorf("%s: session %v is given up", what, s)
				}
			case <-time.After(5 * time.Second):
				t.Errorf("%s keeps the session", what)
			}
		})
	}
	// A home supervisor that an earlier daemon has started.
	o := open
	o.Node, o.Protocol = 2, wire.Unsaid
	refused("an earlier supervisor", one.open(o), "migrate 4711 home")
}

// Nothing goes where the time is another one; a little is no reason, nor is that the answer took long.
func TestOtherTime(t *testing.T) {
	one, _ := twoNodes(t, nil)
	orphans := make(chan supervisor.Session, 2)
	for _, c := range []struct {
		ahead time.Duration
		word  string
	}{{0, ""}, {5 * time.Second, ""}, {-5 * time.Second, ""}, {time.Minute, "ahead"}, {-time.Minute, "behind"}, {-56 * 365 * 24 * time.Hour, "behind"}} {
		t.Run(c.ahead.String(), func(t *testing.T) {
			lenderThatGrants(t, one.config.Peers[2].Address, one.circle.Load(), wire.Protocol, c.ahead, orphans)
			o := one.open(supervisor.Open{Node: 3, PID: 4711, Need: supervisor.Need{Memory: 1 << 20}, Protocol: wire.Protocol})
			if c.word == "" {
				if o.Code != "" || o.Session != (supervisor.Session{9}) {
					t.Errorf("%+v", o)
				}
				return
			}
			if o.Code != supervisor.Refused || !strings.Contains(o.Text, c.word) || !strings.Contains(o.Text, "set the one that is wrong") {
				t.Errorf("%+v", o)
			}
			select {
			case <-orphans:
			case <-time.After(5 * time.Second):
				t.Error("the session is kept")
			}
		})
	}
	begun := time.Now()
	for _, took := range []time.Duration{0, time.Minute} {
		if why := otherTime(2, begun.UnixNano(), begun, begun.Add(took)); why != "" {
			t.Errorf("an answer that took %v: %s", took, why)
		}
	}
}

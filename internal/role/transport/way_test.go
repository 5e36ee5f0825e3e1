package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
)

// relayOne serves one connection as a relay that knows one pass, and gives what
// it has seen go by.
func relayOne(t *testing.T, l net.Listener, pass supervisor.Session, next Way) chan []byte {
	seen := make(chan []byte, 1)
	go func() {
		defer close(seen)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		p, err := ReadPreface(conn, time.Now().Add(HandshakeTimeout))
		if err != nil || p.Kind != ToRelay || p.Session != pass {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), HandshakeTimeout)
		defer cancel()
		onward, err := Passed(ctx, conn, next)
		if err != nil {
			t.Log(err)
			return
		}
		defer onward.Close()
		go io.Copy(conn, onward)
		var b writes
		io.Copy(io.MultiWriter(onward, &b), conn)
		seen <- b
	}()
	return seen
}

type writes []byte

func (w *writes) Write(p []byte) (int, error) { *w = append(*w, p...); return len(p), nil }

func TestDialThroughARelay(t *testing.T) {
	a := cluster(t)
	target, relay := listen(t), listen(t)
	pass, session := supervisor.Session{7}, supervisor.Session{9}
	served := acceptOne(target, identity(t, a, 3, trust.Guest), trust.Home)
	seen := relayOne(t, relay, pass, Way{Address: target.Addr().String()})
	conn, err := Dial(t.Context(), Way{Address: relay.Addr().String(), Pass: pass}, &session, identity(t, a, 1, trust.Home), trust.Guest)
	if err != nil {
		t.Fatal(err)
	}
	got := <-served
	if got.err != nil || got.preface.Session != session {
		t.Fatalf("%+v", got)
	}
	if who, err := PeerOf(conn); err != nil || who.Node != 3 {
		t.Errorf("at the other end is %v, %v", who, err)
	}
	const secret = "what the relay must not read"
	if _, err := conn.Write([]byte(secret)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(secret))
	if _, err := io.ReadFull(got.conn, b); err != nil || string(b) != secret {
		t.Errorf("%q, %v", b, err)
	}
	conn.Close()
	got.conn.Close()
	if by := <-seen; len(by) < len(secret) || bytes.Contains(by, []byte(secret)) {
		t.Errorf("the relay has seen %d bytes", len(by))
	}
}

// A pass the relay does not know, and a node it does not reach, are errors that
// name the relay.
func TestARelayThatDoesNotPassOn(t *testing.T) {
	a := cluster(t)
	closed := listen(t)
	closed.Close()
	for name, known := range map[string]supervisor.Session{"unknown pass": {1}, "unreachable": {7}} {
		relay := listen(t)
		relayOne(t, relay, known, Way{Address: closed.Addr().String()})
		_, err := Dial(t.Context(), Way{Address: relay.Addr().String(), Pass: supervisor.Session{7}}, nil, identity(t, a, 1, trust.Daemon), trust.Daemon)
		if !errors.Is(err, errNotPassed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

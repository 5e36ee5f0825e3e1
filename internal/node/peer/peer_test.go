package peer

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/control"
	"openmosix/internal/role/transport"
)

// listen serves as the daemon of node 2 and gives the way to it and the identity
// of node 1.
func listen(t *testing.T, handle Handler) (transport.Way, supervisor.Identity) {
	t.Helper()
	return listenWith(t, func(ctx context.Context, conn *tls.Conn) error { return Serve(ctx, conn, handle) })
}

func listenWith(t *testing.T, serve func(context.Context, *tls.Conn) error) (transport.Way, supervisor.Identity) {
	t.Helper()
	key, err := trust.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := key.Authority()
	if err != nil {
		t.Fatal(err)
	}
	issue := func(node int) supervisor.Identity {
		leaf, err := ca.Issue(trust.Name{Node: node, Role: trust.Daemon}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return supervisor.Identity(leaf)
	}
	server := issue(2)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gate := transport.Gate{Settle: func(conn net.Conn, _ transport.Preface) (func(), error) {
		established, err := transport.Server(conn, server, trust.Daemon)
		if err != nil {
			return nil, err
		}
		return func() { serve(ctx, established) }, nil
	}}
	ended := make(chan error, 1)
	go func() { ended <- gate.Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); <-ended })
	return transport.Way{Address: l.Addr().String()}, issue(1)
}

func TestCall(t *testing.T) {
	way, id := listen(t, func(_ context.Context, from trust.Name, r Request, _ func(control.Progress)) Reply {
		if r.Open == nil {
			return Reply{Error: "only opening here"}
		}
		return Reply{Opened: &supervisor.Opened{ID: r.Open.ID, Text: from.String()}}
	})
	r, err := Call(t.Context(), 2, way, id, Request{Open: &supervisor.Open{ID: 9}})
	if err != nil || r.Opened == nil || r.Opened.ID != 9 || r.Opened.Text != "node 1 (daemon)" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Call(t.Context(), 2, way, id, Request{Info: true}); err == nil || !strings.Contains(err.Error(), "only opening") {
		t.Errorf("an error of the other side: %v", err)
	}
	if _, err := Call(t.Context(), 3, way, id, Request{Info: true}); !errors.Is(err, ErrOtherNode) {
		t.Errorf("node 2 was taken for node 3: %v", err)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	why := errors.New("it takes too long")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	way, id := listen(t, func(here context.Context, _ trust.Name, _ Request, _ func(control.Progress)) Reply {
		cancel(why)
		<-here.Done()
		return Reply{}
	})
	if _, err := Call(ctx, 2, way, id, Request{Info: true}); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

func TestProgressComesBeforeTheReply(t *testing.T) {
	way, id := listen(t, func(_ context.Context, _ trust.Name, r Request, tell func(control.Progress)) Reply {
		for i := range 3 {
			tell(control.Progress{PID: i})
		}
		return Reply{Admin: &control.Result{Text: r.Admin.Word}}
	})
	heard := 0
	r, err := Follow(t.Context(), 2, way, id, Request{Admin: &control.Request{Word: "expel"}}, func(control.Progress) { heard++ })
	if err != nil || r.Admin == nil || r.Admin.Text != "expel" || heard != 3 {
		t.Errorf("%+v, %v, heard %d", r, err, heard)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(request), []byte(`{"Open":{"ID":1,"Need":{"Memory":5}}}`))
	f.Add(uint8(reply), []byte(`{"Opened":{"ID":1,"Session":[1,2,3]}}`))
	f.Add(uint8(request), []byte(`{"Watch":{"Run":"x","After":3}}`))
	f.Add(uint8(reply), []byte(`{"Told":{"Run":"x","Event":{"seq":1,"kind":"moved","pid":3}}}`))
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		decodeRequest(transport.Frame{Kind: kind, Data: data})
		decodeReply(transport.Frame{Kind: kind, Data: data})
	})
}

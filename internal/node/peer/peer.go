// Package peer is how node daemons ask each other: one request, one reply, as
// JSON in a frame of an authenticated connection. It knows the words and their
// bounds; what a request does is the daemon's affair.
package peer

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"time"

	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/control"
	"openmosix/internal/role/transport"
)

const (
	maxMessage  = 1 << 20
	idleTimeout = time.Minute
	// frame kinds
	request = 1
	reply   = 2
)

// Request has exactly one field set, besides Signs.
type Request struct {
	Open  *supervisor.Open `json:",omitempty"` // lend me your CPU for this process
	Info  bool             `json:",omitempty"` // tell me of yourself
	Leave bool             `json:",omitempty"` // take your processes away from me
	Fetch *Fetch           `json:",omitempty"` // take one of them away from me
	Admin *control.Request `json:",omitempty"` // do what an administrator of the cluster says
	Watch *Watch           `json:",omitempty"` // tell me what happens, from now on: see Listen
	Pass  *Pass            `json:",omitempty"` // let me through to another node
	// Orphan is a session of mine whose home supervisor has ended: nobody will come for it.
	Orphan *supervisor.Session `json:",omitempty"`
	// Signs: until the reply is given, show that somebody is there.
	Signs bool `json:",omitempty"`
}

// Pass is what a relay is asked for.
type Pass struct {
	To   string // ADDRESS:PORT by which the node is known
	Left int    // how many more relays there may be
}

// Fetch names a process that runs on the asking node, as its home knows it.
type Fetch struct {
	PID int
	To  int // a node's number; 0: home
	// Balance: where it runs best, instead of To.
	Balance bool `json:",omitempty"`
	// Unasked: the balancer there wants it, no user or administrator. What is locked stays.
	Unasked bool   `json:",omitempty"`
	Why     string `json:",omitempty"` // in words, if it is nobody's request
}

// Fetched tells how that went; no code: well.
type Fetched struct {
	Node   int
	Micros int64
	Code   supervisor.Code `json:",omitempty"`
	Text   string          `json:",omitempty"` // why not; without a code, why there, if that was left to its home
}

// Reply answers the field that was set.
type Reply struct {
	Opened  *supervisor.Opened  `json:",omitempty"`
	Info    *Info               `json:",omitempty"`
	Fetched *Fetched            `json:",omitempty"`
	Admin   *control.Result     `json:",omitempty"`
	Pass    *supervisor.Session `json:",omitempty"` // good for one connection, soon
	Error   string              `json:",omitempty"`
	// Progress comes before the reply, any number of times.
	Progress *control.Progress `json:",omitempty"`
	// Sign, before the reply: it is being worked on.
	Sign bool `json:",omitempty"`
	// Told answers Watch, again and again.
	Told *Told `json:",omitempty"`
	// Stream, if a handler sets it, is called to give many replies instead of
	// this one; then the connection ends.
	Stream func(ctx context.Context, tell func(Told) error) error `json:"-"`
}

// Info is what a node tells the others of itself when it is asked.
type Info struct {
	Name    string
	Release string
	Report  load.Report
	Refuses string `json:",omitempty"` // why it takes no guests just now
}

// ErrOtherNode is wrapped when the node at an address is not the expected one.
var ErrOtherNode = errors.New("the node tables of this node and the other disagree")

// Call asks the daemon of node number at the end of a way.
func Call(ctx context.Context, number int, way transport.Way, id supervisor.Identity, r Request) (*Reply, error) {
	return Follow(ctx, number, way, id, r, func(control.Progress) {})
}

// Follow is Call of something that takes long.
func Follow(ctx context.Context, number int, way transport.Way, id supervisor.Identity, r Request, progress func(control.Progress)) (*Reply, error) {
	return follow(ctx, number, way, id, r, progress, signEvery)
}

func follow(ctx context.Context, number int, way transport.Way, id supervisor.Identity, r Request, progress func(control.Progress), every time.Duration) (*Reply, error) {
	r.Signs = r.Fetch != nil || r.Admin != nil
	framed, conn, err := ask(ctx, number, way, id, r)
	if err != nil {
		return nil, err
	}
	defer framed.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	var signs *signs // nil: none has come, and the other side may not know of them
	for {
		frame, err := framed.Recv()
		if err != nil {
			return nil, fmt.Errorf("hear from node %d: %w", number, cmp.Or(context.Cause(ctx), err))
		}
		signs.heard()
		reply, err := decodeReply(frame)
		switch {
		case err == nil && reply.Sign && signs == nil:
			signs = awaitSigns(ctx, every, cancel)
		case err == nil && reply.Sign:
		case err != nil || reply.Progress == nil:
			return reply, err
		default:
			progress(*reply.Progress)
		}
	}
}

// ask makes a connection to a node and sends a request.
func ask(ctx context.Context, number int, way transport.Way, id supervisor.Identity, r Request) (*transport.Framed, *tls.Conn, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, nil, fmt.Errorf("encode request to node %d: %w", number, err)
	}
	conn, err := transport.Dial(ctx, way, nil, id, trust.Daemon)
	if err != nil {
		return nil, nil, err
	}
	framed := transport.NewFramed(conn)
	// Whoever has a certificate of the cluster could answer at this address; a
	// process must go to the node it was sent to.
	who, err := transport.PeerOf(conn)
	if err == nil && who.Node != number {
		err = fmt.Errorf("node %d was expected at %s, node %d answers: %w", number, way, who.Node, ErrOtherNode)
	}
	if err == nil {
		if err = framed.Send(request, 1, body); err != nil {
			err = fmt.Errorf("ask node %d: %w", number, err)
		}
	}
	if err != nil {
		_ = framed.Close()
		return nil, nil, err
	}
	return framed, conn, nil
}

func decodeReply(frame transport.Frame) (*Reply, error) {
	if frame.Kind != reply || len(frame.Data) > maxMessage {
		return nil, errors.New("the other node's answer is not understood")
	}
	var r Reply
	if err := json.Unmarshal(frame.Data, &r); err != nil {
		return nil, fmt.Errorf("the other node's answer is not understood (different versions?): %w", err)
	}
	harmless(reflect.ValueOf(&r))
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	return &r, nil
}

// Handler does what another daemon asks, and may tell how it goes meanwhile.
type Handler func(ctx context.Context, from trust.Name, r Request, tell func(control.Progress)) Reply

// Serve answers one daemon until it hangs up, is silent for a minute or ctx ends.
func Serve(ctx context.Context, conn *tls.Conn, handle Handler) error {
	return serve(ctx, conn, handle, signEvery)
}

func serve(ctx context.Context, conn *tls.Conn, handle Handler, every time.Duration) error {
	framed := transport.NewFramed(conn)
	defer framed.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	from, err := transport.PeerOf(conn)
	if err != nil {
		return err
	}
	for {
		// Only of what is read: an answer may take longer, and has its own limit.
		if err := conn.SetReadDeadline(time.Now().Add(idleTimeout)); err != nil {
			return fmt.Errorf("set deadline: %w", err)
		}
		frame, err := framed.Recv()
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hear from %s: %w", from, err)
		}
		r, err := decodeRequest(frame)
		if err != nil {
			return fmt.Errorf("hear from %s: %w", from, err)
		}
		w := &answering{framed: framed, id: frame.ID}
		quiet := func() {}
		if r.Signs {
			quiet = w.signs(every)
		}
		answer := handle(ctx, from, r, w.tell)
		quiet()
		if answer.Stream != nil {
			return w.stream(ctx, conn, answer.Stream)
		}
		if err := w.send(answer); err != nil {
			return fmt.Errorf("answer %s: %w", from, err)
		}
	}
}

// answering is a request that is being answered. Progress may come from several
// goroutines.
type answering struct {
	mu     sync.Mutex
	framed *transport.Framed
	id     uint64
	failed error
}

// tell has no effect once the other side has gone: what it asked for goes on.
func (w *answering) tell(p control.Progress) { _ = w.send(Reply{Progress: &p}) }

func (w *answering) send(r Reply) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	w.failed = w.framed.Send(reply, w.id, body)
	return w.failed
}

func decodeRequest(frame transport.Frame) (Request, error) {
	if frame.Kind != request || len(frame.Data) > maxMessage {
		return Request{}, errors.New("not a request")
	}
	var r Request
	if err := json.Unmarshal(frame.Data, &r); err != nil {
		return Request{}, fmt.Errorf("decode request: %w", err)
	}
	return r, nil
}

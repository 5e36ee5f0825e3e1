package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/role/transport"
)

const (
	// aliveEvery is how often a node from which nothing is told shows that it is
	// there; silence of more than silentFor means that it is not.
	aliveEvery = 15 * time.Second
	silentFor  = time.Minute
)

// Watch says from where on another node is to tell its events. A reader that
// was cut off goes on where it was if the daemon is still the same run.
type Watch struct {
	Run   string `json:",omitempty"` // of which After counts; any other: Since counts
	After uint64 `json:",omitempty"`
	Since int64  `json:",omitempty"` // milliseconds back from now
}

// Told is one word of a node that is watched.
type Told struct {
	Run    string       // names this run of its daemon
	Event  *event.Event `json:",omitempty"` // nil: there is nothing, but it is there
	Missed uint64       `json:",omitempty"` // events that can not be told any more
}

// Listen watches a node until it is not heard any more, which is an error, or
// ctx ends. What it is told is bounded in size, and not yet believed in.
func Listen(ctx context.Context, number int, way transport.Way, id supervisor.Identity, w Watch, heard func(Told)) error {
	framed, conn, err := ask(ctx, number, way, id, Request{Watch: &w})
	if err != nil {
		return err
	}
	defer framed.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		// Whoever ends ctx closes the connection, between any two lines of this.
		err := conn.SetReadDeadline(time.Now().Add(silentFor))
		var frame transport.Frame
		if err == nil {
			frame, err = framed.Recv()
		}
		if err != nil {
			return fmt.Errorf("hear from node %d: %w", number, errors.Join(context.Cause(ctx), err))
		}
		reply, err := decodeReply(frame)
		if err != nil {
			return err
		}
		if reply.Told == nil {
			return errors.New("the other node does not tell what happens (different versions?)")
		}
		heard(*reply.Told)
	}
}

// stream gives many replies. The other side says nothing more, and hangs up
// when it has heard enough; one that takes nothing is given up by the
// connection itself.
func (w *answering) stream(ctx context.Context, conn *tls.Conn, run func(context.Context, func(Told) error) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, conn)
		cancel()
	}()
	go func() {
		alive := time.NewTicker(aliveEvery)
		defer alive.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-alive.C:
				_ = w.send(Reply{Told: &Told{}})
			}
		}
	}()
	err := run(ctx, func(t Told) error { return w.send(Reply{Told: &t}) })
	if ctx.Err() != nil {
		return nil
	}
	return err
}

package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"openmosix/internal/model/supervisor"
)

// Way is how a node is connected to.
type Way struct {
	Address string             // ADDRESS:PORT of its daemon, or of the relay's
	Pass    supervisor.Session // zero: the node itself is at Address; else the relay's pass
}

// String names the place for errors.
func (w Way) String() string {
	if w.Pass == (supervisor.Session{}) {
		return w.Address
	}
	return "the other side of the relay at " + w.Address
}

// errNotPassed is told when a relay hangs up: it has told its own log why.
var errNotPassed = errors.New("the relay does not reach the node, or does not know the pass")

// Connect makes a connection to whoever is at the end of a way, where a preface
// is expected next. Precondition: ctx has a deadline.
func Connect(ctx context.Context, way Way) (net.Conn, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", way.Address)
	if err != nil {
		return nil, fmt.Errorf("connect to node: %w", err)
	}
	tune(raw)
	if way.Pass == (supervisor.Session{}) {
		return raw, nil
	}
	if err := showPass(ctx, raw, way.Pass); err != nil {
		raw.Close()
		return nil, fmt.Errorf("connect to %s: %w", way, err)
	}
	return raw, nil
}

func showPass(ctx context.Context, raw net.Conn, pass supervisor.Session) error {
	stop, err := limit(ctx, raw)
	if err != nil {
		return err
	}
	defer stop()
	if _, err := raw.Write(Preface{Kind: ToRelay, Session: pass}.encode()); err != nil {
		return fmt.Errorf("send preface: %w", err)
	}
	var b [1]byte
	if _, err := raw.Read(b[:]); err != nil {
		return errors.Join(errNotPassed, err)
	}
	if b[0] != accepted {
		return ErrNotOurs
	}
	return nil
}

// Passed is the relay's side of Connect: it connects to the end of the next
// way and tells the dialer that it has. Precondition: ctx has a deadline.
func Passed(ctx context.Context, conn net.Conn, next Way) (net.Conn, error) {
	tune(conn)
	onward, err := Connect(ctx, next)
	if err != nil {
		return nil, err
	}
	if _, err = conn.Write([]byte{accepted}); err == nil {
		err = errors.Join(conn.SetDeadline(time.Time{}), onward.SetDeadline(time.Time{}))
	}
	if err != nil {
		onward.Close()
		return nil, fmt.Errorf("pass on: %w", err)
	}
	return onward, nil
}

// limit applies a context to a connection. The deadline alone would not notice
// a cancelled one.
func limit(ctx context.Context, raw net.Conn) (stop func() bool, err error) {
	deadline, _ := ctx.Deadline()
	if err := raw.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	return context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) }), nil
}

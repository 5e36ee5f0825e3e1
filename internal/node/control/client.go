package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"time"
)

// ErrNotRunning is wrapped when no daemon answers.
var ErrNotRunning = errors.New("the node daemon is not running (start it with `openmosix node`)")

// Client asks the daemon of one run directory. It holds no connection: each
// request has its own.
type Client struct {
	socket string
}

// NewClient makes a client for the daemon of a run directory.
func NewClient(runDir string) *Client {
	return &Client{socket: filepath.Join(runDir, SocketName)}
}

// Ask sends a request and waits for its result. Progress, if not nil, hears of
// what goes on meanwhile. When ctx ends, Ask returns; what was asked for goes on.
func (c *Client) Ask(ctx context.Context, r Request, progress func(Progress)) (*Result, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.socket)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the node daemon: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	result, err := exchange(conn, r, progress)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return result, err
}

func exchange(conn net.Conn, r Request, progress func(Progress)) (*Result, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	// A daemon that turns a client away answers without reading the request;
	// so after a failed write there may still be an answer.
	_, unsent := conn.Write(append(line, '\n'))
	answers := json.NewDecoder(bufio.NewReader(io.LimitReader(conn, maxAnswer)))
	for {
		var a Answer
		if err := answers.Decode(&a); err != nil {
			if unsent != nil {
				return nil, fmt.Errorf("ask the node daemon: %w", unsent)
			}
			if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
				return nil, errors.New("the node daemon hung up before it answered; see its log")
			}
			return nil, fmt.Errorf("read answer of the node daemon: %w", err)
		}
		if a.Progress != nil && progress != nil {
			progress(*a.Progress)
		}
		if a.Result != nil {
			return a.Result, nil
		}
	}
}

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

	"openmosix/internal/model/event"
)

// ErrNotRunning is wrapped when no daemon answers.
var ErrNotRunning = errors.New("the node daemon is not running (start the service openmosix, or `openmosix node`)")

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
	return c.talk(ctx, r, progress, nil)
}

// Watch asks for events and gives them to happened until that fails, ctx ends
// or the daemon has had enough: then a Result says why.
func (c *Client) Watch(ctx context.Context, r Request, happened func(event.Event) error) (*Result, error) {
	return c.talk(ctx, r, nil, happened)
}

func (c *Client) talk(ctx context.Context, r Request, progress func(Progress), happened func(event.Event) error) (*Result, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.socket)
	if ctx.Err() != nil {
		if err == nil {
			_ = conn.Close()
		}
		return nil, context.Cause(ctx)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the node daemon: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	result, err := exchange(conn, r, progress, happened)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return result, err
}

// bounded ends when one answer is too long.
type bounded struct {
	in   io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("it is too long")
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func exchange(conn net.Conn, r Request, progress func(Progress), happened func(event.Event) error) (*Result, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	// A daemon that turns a client away answers without reading the request;
	// so after a failed write there may still be an answer.
	_, unsent := conn.Write(append(line, '\n'))
	answers := &bounded{in: conn}
	decoder := json.NewDecoder(bufio.NewReader(answers))
	for {
		var a Answer
		answers.left = maxAnswer
		if err := decoder.Decode(&a); err != nil {
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
		if a.Event != nil && happened != nil {
			if err := happened(*a.Event); err != nil {
				return nil, err
			}
		}
		if a.Result != nil {
			return a.Result, nil
		}
	}
}

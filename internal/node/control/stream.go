package control

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"time"

	"openmosix/internal/model/event"
)

// stream gives a client many answers until it hangs up or ctx ends. A client
// that stops reading for a while, as one behind a pager, holds up nobody but
// itself, so it is given any time it wants.
func stream(ctx context.Context, conn net.Conn, run func(context.Context, func(event.Event) error) Result) Result {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_ = conn.SetDeadline(time.Time{})
	go func() {
		_, _ = io.Copy(io.Discard, conn)
		cancel()
	}()
	// A write that waits ends too.
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return run(ctx, func(e event.Event) error {
		line, err := json.Marshal(Answer{Event: &e})
		if err != nil {
			return err
		}
		_, err = conn.Write(append(line, '\n'))
		return err
	})
}

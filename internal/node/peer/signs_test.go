package peer

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/control"
	"openmosix/internal/role/transport"
)

// testEvery is so long that a process which waits for its turn on a busy machine has not missed as many signs.
const testEvery = 100 * time.Millisecond

// A node whose daemon stands still is given up, one that takes its time is not.
func TestSilenceIsNotWaitedForForever(t *testing.T) {
	for name, working := range map[string]bool{"works": true, "stands still": false} {
		t.Run(name, func(t *testing.T) {
			way, id := listenWith(t, func(ctx context.Context, conn *tls.Conn) error {
				if working {
					return serve(ctx, conn, func(context.Context, trust.Name, Request, func(control.Progress)) Reply {
						time.Sleep(4 * signsMissed * testEvery)
						return Reply{Fetched: &Fetched{Node: 2}}
					}, testEvery)
				}
				framed := transport.NewFramed(conn)
				defer framed.Close()
				frame, err := framed.Recv()
				if err != nil {
					return err
				}
				body, err := json.Marshal(Reply{Sign: true})
				if err == nil {
					err = framed.Send(reply, frame.ID, body)
				}
				<-ctx.Done()
				return err
			})
			r, err := followFetch(t, way, id)
			if working && (err != nil || r.Fetched == nil) {
				t.Errorf("%+v, %v", r, err)
			}
			if !working && !errors.Is(err, errSilent) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func followFetch(t *testing.T, way transport.Way, id supervisor.Identity) (*Reply, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return follow(ctx, 2, way, id, Request{Fetch: &Fetch{PID: 7}}, func(control.Progress) {}, testEvery)
}

// A node that knows no signs shows none, and is waited for.
func TestWhoShowsNoSignsIsWaitedFor(t *testing.T) {
	way, id := listenWith(t, func(_ context.Context, conn *tls.Conn) error {
		framed := transport.NewFramed(conn)
		defer framed.Close()
		frame, err := framed.Recv()
		if err != nil {
			return err
		}
		time.Sleep(2 * signsMissed * testEvery)
		body, err := json.Marshal(Reply{Fetched: &Fetched{Node: 2}})
		if err != nil {
			return err
		}
		return framed.Send(reply, frame.ID, body)
	})
	if r, err := followFetch(t, way, id); err != nil || r.Fetched == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

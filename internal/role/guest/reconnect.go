package guest

import (
	"fmt"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/role/transport"
)

// reconnect is how the connection to home is replaced when it breaks: home makes another one, and this
// side waits for that (deputy/reconnect.go).
type reconnect struct {
	offers chan offer   // one place
	limit  atomic.Int64 // for how long home tries, nanoseconds; 0: it does not
}

// offer is a connection by which the session can go on, and how much has come of it at home.
type offer struct {
	conn *transport.Framed
	got  uint64
}

// noticesLater is how long after this side home may find that the connection is broken: it has
// nothing to say, and hears of it by a probe (transport.tune).
const noticesLater = 40 * time.Second

// triesFor notes what home says of that.
func (r *reconnect) triesFor(d time.Duration) {
	r.limit.Store(int64(min(max(d, 0), supervisor.MaxReconnect)))
}

// offered takes a connection of home's in place of the one there was.
func (g *Guest) offered(conn *transport.Framed, data []byte) error {
	if len(data) != 8 {
		_ = conn.Close()
		return fmt.Errorf("%d bytes where home is to say how much has come", len(data))
	}
	g.conn.Sever() // home knows that it is broken, whatever is known here
	for o := (offer{conn, le.Uint64(data)}); ; {
		select {
		case g.reconnect.offers <- o:
			return nil
		default:
		}
		select {
		case earlier := <-g.reconnect.offers: // home has given it up
			_ = earlier.conn.Close()
		default:
		}
	}
}

// resumes waits for such a connection. Its caller is in Recv.
func (g *Guest) resumes(why error, got uint64) (*transport.Framed, uint64, error) {
	limit := time.Duration(g.reconnect.limit.Load())
	if limit == 0 {
		return nil, 0, why
	}
	g.log.Warn("the connection to home is broken", "error", why)
	over, stop := owntime.After(limit + noticesLater)
	defer stop()
	for {
		select {
		case o := <-g.reconnect.offers:
			if err := o.conn.Send(wire.Resume, 0, le.AppendUint64(nil, got)); err != nil {
				_ = o.conn.Close()
				continue
			}
			g.log.Info("the session goes on by another connection")
			return o.conn, o.got, nil
		case <-g.done:
			return nil, 0, why
		case <-over:
			return nil, 0, fmt.Errorf("%w; home has made no other within %v", why, limit+noticesLater)
		}
	}
}

package deputy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/role/transport"

	"golang.org/x/sys/unix"
)

// A link that breaks is replaced: the session's other end waits for that, and both go on where they were
// (transport.Framed.Last). Only this side makes connections; the other may be in a network that
// nobody reaches but by a relay, and where it is can have changed meanwhile.

const (
	// tryLimit bounds one attempt.
	tryLimit = 5 * time.Second
	tryPause = 200 * time.Millisecond
	// refusedFor is how long the other daemon says of a session that there is none, until that
	// is believed: one that has just begun finds its supervisors first.
	refusedFor = 2 * time.Second
	// calmFor is how long a link is whole until it is as good as new; of one that was not it is
	// waited a little longer each time, up to calmPause, before it is made again.
	calmFor   = time.Minute
	calmPause = 10 * time.Second
)

// breaks counts those of a link, so that one which its other side breaks again and again keeps
// nobody busy. The goroutine's that is in Recv.
type breaks struct {
	n      int
	mended time.Time
}

// pause is how long to wait before the link is made again.
func (b *breaks) pause(now time.Time) time.Duration {
	if now.Sub(b.mended) > calmFor {
		b.n = 0
	}
	b.n++
	return min(time.Duration(b.n-1)*tryPause, calmPause)
}

// again makes a connection in place of one that has broken. Its caller is in Recv.
func (l *link) again(why error, got uint64) (*transport.Framed, uint64, error) {
	limit := l.s.daemon.Hello().Reconnect
	if limit == 0 {
		return nil, 0, why
	}
	begun := time.Now()
	l.broken.Store(true)
	defer l.broken.Store(false) // or it is gone
	l.s.log.Warn("the connection to a guest's side is broken", "node", l.node, "error", why)
	l.s.tell(supervisor.Event{Kind: supervisor.Broken, Node: l.node, Text: brokenBy(why)})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	over := owntime.AfterFunc(limit, cancel)
	defer over.Stop()
	var refused time.Time // since when
	last := errors.New("there was no time for any")
	pause := l.breaks.pause(begun)
	for try := 0; ; try++ {
		select {
		case <-l.gone:
			return nil, 0, why
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("%w; no other could be made within %v: %w", why, limit, last)
		case <-time.After(pause):
		}
		pause = tryPause
		conn, theirs, err := l.resume(ctx, got, try)
		if err == nil {
			l.breaks.mended = time.Now()
			l.s.log.Info("the link goes on by another connection", "node", l.node, "after", time.Since(begun))
			l.s.tell(supervisor.Event{Kind: supervisor.Mended, Node: l.node, Micros: time.Since(begun).Microseconds()})
			return conn, theirs, nil
		}
		last = err
		l.s.log.Debug("no other connection yet", "node", l.node, "error", err)
		switch {
		case !unknownThere(err):
			refused = time.Time{}
		case refused.IsZero():
			refused = time.Now()
		case time.Since(refused) > refusedFor:
			return nil, 0, fmt.Errorf("%w; the session has ended there", why)
		}
	}
}

// brokenBy says it to people.
func brokenBy(why error) string {
	if errors.Is(why, io.EOF) || errors.Is(why, io.ErrUnexpectedEOF) {
		return "the other side, or a relay, has ended it"
	}
	return why.Error()
}

// unknownThere tells whether the other daemon hangs up as it does when it knows no such session.
func unknownThere(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
}

// resume connects to the session once more, and tells how much has come of it and hears how much the
// other side has got. The first attempt goes the way that was good; the daemon knows of others.
func (l *link) resume(ctx context.Context, got uint64, try int) (*transport.Framed, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	way := l.way.Load()
	if try > 0 || l.relayed() {
		o, err := l.s.openSession(ctx, supervisor.Open{Node: l.node, Session: way.Session})
		if err != nil {
			return nil, 0, err
		}
		way = o
	}
	conn, err := l.connects(ctx, way)
	if err != nil {
		return nil, 0, err
	}
	hurried := context.AfterFunc(ctx, func() { _ = conn.Close() })
	theirs, err := introduce(conn, got)
	if !hurried() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, 0, err
	}
	l.way.Store(way)
	return conn, theirs, nil
}

// introduce says how much has come of the session, and hears how much has come there.
func introduce(conn *transport.Framed, got uint64) (uint64, error) {
	if err := conn.Send(wire.Resume, 0, le.AppendUint64(nil, got)); err != nil {
		return 0, err
	}
	f, err := conn.Recv()
	switch {
	case err != nil:
		return 0, err
	case f.Kind != wire.Resume || len(f.Data) != 8:
		return 0, fmt.Errorf("frame %d of %d bytes where the session is to go on", f.Kind, len(f.Data))
	}
	return le.Uint64(f.Data), nil
}

// elsewhere has what goes to a node, if it goes to another address, go on by a new connection; or all,
// when it is this node that has moved. It would find out by itself, but only when nothing has been
// acknowledged for half a minute.
func (s *Supervisor) elsewhere(node int, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		way := *l.way.Load()
		switch {
		case node == 0:
		case node != l.node || l.relayed() || way.Addr == address:
			continue
		default:
			way.Addr = address
			l.way.Store(&way)
		}
		l.conn.Sever()
	}
}

// goodbye ends all links in order: what merely ends looks broken to the other side.
func (s *Supervisor) goodbye() {
	var group sync.WaitGroup
	s.mu.Lock()
	for l := range s.links {
		group.Go(l.conn.Bye)
	}
	s.mu.Unlock()
	group.Wait()
}

package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds on connections that have not proven themselves yet. A stranger may
// use up those of his own address, not those of the others.
const (
	maxHalfOpen          = 256
	maxHalfOpenPerSource = 16
)

// Gate accepts connections and keeps strangers cheap.
type Gate struct {
	// Settle is called with each connection after its preface, still under the
	// handshake deadline. It takes the connection over: it authenticates it or
	// gives it away, and returns what is to be done with it then (nil:
	// nothing). While it runs the connection counts as half-open.
	Settle func(net.Conn, Preface) (serve func(), err error)
	// Allowed tells whether a source may connect at all; nil: all may.
	Allowed func(source netip.Addr) bool
	// Refused hears of every connection that was closed early.
	Refused func(source netip.Addr, err error)

	mu       sync.Mutex
	total    int
	bySource map[netip.Addr]int
	refused  atomic.Uint64
}

// RefusedCount is how many connections were closed early.
func (g *Gate) RefusedCount() uint64 { return g.refused.Load() }

// ErrOtherNetwork is told for sources outside the networks of the allow-list.
var ErrOtherNetwork = errors.New("its address is in none of the networks that may connect (setting networks)")

// errCrowded is told for connections over the bounds.
var errCrowded = errors.New("too many unproven connections at once")

// Serve accepts until ctx ends or the listener is closed.
func (g *Gate) Serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			// Out of descriptors or memory: wait for some to come back.
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		source := sourceOf(conn)
		if g.Allowed != nil && !g.Allowed(source) {
			g.refuse(conn, source, ErrOtherNetwork)
			continue
		}
		if !g.enter(source) {
			g.refuse(conn, source, errCrowded)
			continue
		}
		go g.admit(conn, source)
	}
}

func (g *Gate) admit(conn net.Conn, source netip.Addr) {
	serve, err := g.settle(conn)
	g.leave(source)
	if err != nil {
		g.refuse(conn, source, err)
		return
	}
	if serve != nil {
		serve()
	}
}

func (g *Gate) settle(conn net.Conn) (func(), error) {
	preface, err := ReadPreface(conn, time.Now().Add(HandshakeTimeout))
	if err != nil {
		return nil, err
	}
	return g.Settle(conn, preface)
}

func (g *Gate) refuse(conn net.Conn, source netip.Addr, err error) {
	conn.Close()
	g.refused.Add(1)
	if g.Refused != nil {
		g.Refused(source, err)
	}
}

func (g *Gate) enter(source netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.total >= maxHalfOpen || g.bySource[source] >= maxHalfOpenPerSource {
		return false
	}
	if g.bySource == nil {
		g.bySource = make(map[netip.Addr]int)
	}
	g.total++
	g.bySource[source]++
	return true
}

func (g *Gate) leave(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.bySource[source]--; g.bySource[source] == 0 {
		delete(g.bySource, source)
	}
}

func sourceOf(conn net.Conn) netip.Addr {
	addr, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().Unmap()
}

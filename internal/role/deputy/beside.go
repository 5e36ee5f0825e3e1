package deputy

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
	"openmosix/internal/role/transport"
)

// By one connection memory moves as fast as one CPU on each side encrypts and decrypts. So what
// moves while a large process runs on goes by several: further connections to the same session,
// for this move only. As soon as there is one the link carries none of it: the process's calls, and those of others of the
// session, would wait behind megabytes, on a slow way for a tenth of a second each.
//
// The first frame says whose pages these are. Pages follow, to the node or from it, and Settle
// behind them, which is answered by Settled when they are stored: the order among connections
// matters for nothing else, as no page is sent twice between two Settles.

const (
	// worthOne is from which size on a further connection is worth its handshake, worthMore more than one.
	worthOne  = 8 << 20
	worthMore = 64 << 20
	// mostBeside are opened: with four a link of 25 Gbit/s is full.
	mostBeside = 4
)

// besides is how many further connections a move of so many bytes gets.
func (l *link) besides(size uint64) int {
	switch {
	case l.relayed() || size < worthOne:
		return 0
	case size < worthMore:
		return 1
	}
	return min(runtime.NumCPU(), mostBeside)
}

// besides are the further connections of one move.
type besides struct {
	group  sync.WaitGroup
	cancel context.CancelFunc // of those that are being made

	mu    sync.Mutex
	conns []*transport.Framed
	over  bool
}

// open makes n connections, each of which serve has when it is there. One that cannot be made is
// done without.
func (l *link) open(own, n int, first []byte, serve func(*transport.Framed)) *besides {
	ctx, cancel := context.WithTimeout(context.Background(), openLimit)
	b := &besides{cancel: cancel}
	l.s.daemon.Holds(1 + n) // each waits in the kernel, and encrypts
	for range n {
		b.group.Go(func() {
			conn, err := l.dialBeside(ctx, own, first)
			if err != nil {
				l.s.log.Debug("memory moves by a connection less", "node", l.node, "error", err)
				return
			}
			if b.add(conn) {
				serve(conn)
			}
		})
	}
	return b
}

func (l *link) dialBeside(ctx context.Context, own int, first []byte) (*transport.Framed, error) {
	conn, err := l.connects(ctx, l.way.Load())
	if err != nil {
		return nil, err
	}
	if err := conn.Send(wire.Beside, uint64(uint32(own)), first); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// connects makes one more connection to who is at the other end of the link.
func (l *link) connects(ctx context.Context, way *supervisor.Opened) (*transport.Framed, error) {
	conn, peer, err := l.s.connect(ctx, l.node, way)
	if err == nil && peer != l.peer {
		_ = conn.Close()
		err = fmt.Errorf("%v answers instead of %v", peer, l.peer)
	}
	return conn, err
}

// add tells whether the connection is still wanted.
func (b *besides) add(conn *transport.Framed) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		_ = conn.Close()
		return false
	}
	b.conns = append(b.conns, conn)
	return true
}

// end closes the connections, and returns when nobody is served any more.
func (b *besides) end() {
	b.mu.Lock()
	b.over = true
	for _, conn := range b.conns {
		_ = conn.Close()
	}
	b.mu.Unlock()
	b.cancel()
	b.group.Wait()
}

// sendBeside opens what a process of that size is sent ahead by besides the link.
func (p *proc) sendBeside(l *link, size uint64) (<-chan tracee.Stream, *besides) {
	n := l.besides(size)
	if n == 0 || !p.holds.Empty() { // what the node holds is told by the link
		return nil, l.open(p.Own, 0, nil, nil)
	}
	streams := make(chan tracee.Stream, n)
	return streams, l.open(p.Own, n, nil, func(conn *transport.Framed) {
		streams <- tracee.Stream{Settle: func() error { return p.settleBeside(conn) },
			Emit: func(kind uint8, parts ...[]byte) error {
				l.carries(kind, p.Own, parts)
				return unsent(conn.Send(kind, uint64(uint32(p.Own)), parts...))
			}}
	})
}

// settleBeside waits until the other side has stored what it was sent by one connection.
func (p *proc) settleBeside(conn *transport.Framed) error {
	if err := unsent(conn.Send(wire.Settle, uint64(uint32(p.Own)))); err != nil {
		return err
	}
	late := owntime.AfterFunc(stepLimit, func() { _ = conn.Close() })
	defer late.Stop()
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		select {
		case <-p.cancelSignal():
			_ = conn.Close()
		case <-answered:
		}
	}()
	f, err := conn.Recv()
	switch {
	case p.isCancelled():
		return errCancelled
	case err != nil:
		return fail(supervisor.Unreachable, "the other node does not say that it has stored what it was sent: "+err.Error())
	case f.Kind != wire.Settled:
		return fmt.Errorf("frame %d on a connection for pages", f.Kind)
	}
	return nil
}

// receiveBeside opens what a process that comes home may be sent by besides the link.
func (p *proc) receiveBeside(l *link, try uint64, ahead comes) *besides {
	p.mu.Lock()
	size := p.rss
	p.mu.Unlock()
	return l.open(p.Own, l.besides(size), le.AppendUint64(nil, try), func(conn *transport.Framed) {
		defer conn.Close()
		err := conn.TakePages(ahead.left.bounds(), func(data []byte) error {
			p.carried.Add(uint64(len(data)))
			return ahead.page(data)
		})
		if err != nil {
			l.complain("a further connection from the guest's side", "error", err)
		}
	})
}

// allowance is what may come by all connections together.
type allowance struct {
	mu    sync.Mutex
	bytes uint64
}

func (a *allowance) spend(data []byte) bool {
	n := max(uint64(len(data)), image.PageSize)
	a.mu.Lock()
	defer a.mu.Unlock()
	if n > a.bytes {
		return false
	}
	a.bytes -= n
	return true
}

// bounds are those of a connection that carries a part of it.
func (a *allowance) bounds() transport.Bounds {
	return transport.Bounds{Frame: mostPages, Spend: func(data []byte) error {
		if !a.spend(data) {
			return errEndless
		}
		return nil
	}}
}

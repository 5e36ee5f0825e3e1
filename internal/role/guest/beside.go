package guest

import (
	"errors"
	"fmt"
	"os"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
	"openmosix/internal/role/transport"
)

// The memory of a process that comes or goes while it runs may take several connections at once:
// one carries what one CPU on each side encrypts and decrypts. Home opens them, for one move each
// (deputy/beside.go).

// mostBeside bounds the further connections of a session.
const mostBeside = 16

// beside serves a further connection of the session until home hangs up.
func (g *Guest) beside(f *os.File) {
	if g.besides.Add(1) > mostBeside {
		g.besides.Add(-1)
		_ = f.Close()
		return
	}
	defer g.besides.Add(-1)
	g.daemon.Holds(2) // this, and the link
	conn, err := g.further(f)
	if err == nil {
		err = g.serves(conn)
	}
	switch {
	case transport.HungUp(err):
		g.log.Info("a further connection from home has ended early", "error", err)
	case err != nil:
		g.log.Warn("a further connection from home", "error", err)
	}
}

// further takes the connection, if it is from the home of this session.
func (g *Guest) further(f *os.File) (*transport.Framed, error) {
	conn, peer, err := g.accept(f)
	if err != nil {
		return nil, err
	}
	if home := g.home.Load(); home == nil || peer != *home {
		_ = conn.Close()
		return nil, fmt.Errorf("%v is not the home of this session", peer)
	}
	return conn, nil
}

// serves does with a further connection what its first frame says.
func (g *Guest) serves(conn *transport.Framed) error {
	first, err := conn.Recv()
	switch {
	case err != nil: // home has given it up already
		return conn.Close()
	case first.Kind == wire.Resume:
		return g.offered(conn, first.Data)
	}
	defer conn.Close()
	return g.carriesBeside(conn, first)
}

// carriesBeside has pages of a process come or go by the connection.
func (g *Guest) carriesBeside(conn *transport.Framed, f transport.Frame) error {
	own := int(f.ID)
	g.mu.Lock()
	in := g.arrivals[own]
	g.mu.Unlock()
	switch {
	case f.Kind != wire.Beside:
		return fmt.Errorf("frame %d is the first", f.Kind)
	case len(f.Data) == 0 && in != nil:
		return in.comeBeside(conn)
	case len(f.Data) == 8:
		if b := g.bodyByOwn(own); b != nil {
			b.goBeside(conn, le.Uint64(f.Data))
		}
	}
	return nil
}

// comeBeside stores the pages of a process on its way in. Home may send as many as it likes: they
// are its own.
func (in *inbox) comeBeside(conn *transport.Framed) error {
	return conn.TakePages(transport.Bounds{Frame: transport.MaxFrame}, in.storeAhead)
}

// opens lets pages be stored from now on: the body is there.
func (in *inbox) opens(store func([]byte) error) {
	in.mu.Lock()
	in.store = store
	in.mu.Unlock()
	close(in.open)
}

// shuts ends that: the process stands still, and what comes from now on is in order.
func (in *inbox) shuts() {
	in.mu.Lock()
	in.store = nil
	in.mu.Unlock()
}

var errLatePages = errors.New("pages come beside those of a process that stands still")

// storeAhead stores a Pages frame, when there is a place for it. Several may call it at once.
func (in *inbox) storeAhead(data []byte) error {
	select {
	case <-in.open:
	case <-in.closed:
		return errGivenUp
	}
	in.mu.RLock()
	defer in.mu.RUnlock()
	if in.store == nil {
		return errLatePages
	}
	return in.store(data)
}

// storeAhead stores a Pages frame that came before the process stands still. Several may call it
// at once.
func (a *arrival) storeAhead(data []byte) error {
	a.came.Store(true)
	into := a.into()
	err := tracee.StorePages(into, data)
	a.aheadMu.Lock()
	defer a.aheadMu.Unlock()
	if err == nil {
		at := le.Uint64(data)
		a.stored = append(a.stored, image.Range{Start: at, End: at + uint64(len(data)-8)})
		return nil
	}
	stored, err := a.early.Store(into, data)
	a.stored = append(a.stored, stored...)
	return err
}

// goBeside lets a body that is leaving, by this attempt of home's, send by the connection what it
// sends ahead.
func (b *body) goBeside(conn *transport.Framed, try uint64) {
	b.mu.Lock()
	d := b.leaving
	b.mu.Unlock()
	if d == nil || d.try != try {
		return
	}
	settled := make(chan struct{}, 1)
	id := uint64(uint32(b.Own))
	stream := tracee.Stream{Emit: func(kind uint8, parts ...[]byte) error { return conn.Send(kind, id, parts...) },
		Settle: func() error {
			if err := conn.Send(wire.Settle, id); err != nil {
				return err
			}
			return d.isSettled(settled)
		}}
	select {
	case d.beside <- stream:
	default:
		return
	}
	for {
		f, err := conn.Recv()
		if err != nil {
			return
		}
		if f.Kind != wire.Settled {
			b.g.log.Warn("unknown frame from home beside pages", "kind", f.Kind)
			return
		}
		select {
		case settled <- struct{}{}:
		default:
		}
	}
}

// isSettled waits until home says that what was sent ahead is where it is to be.
func (d *departure) isSettled(settled <-chan struct{}) error {
	late, stop := owntime.After(stepLimit)
	defer stop()
	select {
	case <-settled:
		return nil
	case <-d.heard:
		return tracee.ErrStopped
	case <-d.b.g.done:
		return tracee.ErrGone
	case <-late:
		return fmt.Errorf("home did not store what was sent ahead within %v", stepLimit)
	}
}

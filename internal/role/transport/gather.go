package transport

import (
	"net"
	"sync"
	"weak"
)

// gathered is a connection below TLS. TLS writes each record, of 16 KiB at most, by itself,
// and each write may wake the other side up: a large piece goes out in fewer.
type gathered struct {
	net.Conn
	inKernel interface{ Needs(bytes int) } // the same; nil: its reader waits in Go's poller

	mu    sync.Mutex
	waits bool // what is written waits for more
	batch []byte
	// spare is what batch was: the collector takes it when it comes. A sync.Pool would keep
	// it from the first collection, after which a supervisor may rest for hours.
	spare weak.Pointer[[]byte]
}

const (
	// batchSize is what goes out in one write at least, if there is that much.
	batchSize = 256 << 10
	// worthGathering is from which size on it is done: of a smaller frame the other side had
	// better take the first record while the last is written.
	worthGathering = 128 << 10
)

// gather has writes wait until there is a batch of them, or until release.
func (g *gathered) gather() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waits = true
	if b := g.spare.Value(); b != nil {
		g.batch = *b
	} else {
		g.batch = make([]byte, 0, batchSize+(32<<10))
	}
}

// release writes what waits. From then on writes go out at once.
func (g *gathered) release() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waits = false
	err := g.flush()
	b := g.batch[:0]
	g.batch, g.spare = nil, weak.Make(&b)
	return err
}

// flush precondition: mu is held.
func (g *gathered) flush() error {
	if len(g.batch) == 0 {
		return nil
	}
	_, err := g.Conn.Write(g.batch)
	g.batch = g.batch[:0]
	return err
}

// Write is that of TLS: of the writer's records, and rarely of one that the reader answers with.
func (g *gathered) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.waits {
		return g.Conn.Write(b)
	}
	g.batch = append(g.batch, b...)
	if len(g.batch) < batchSize {
		return len(b), nil
	}
	return len(b), g.flush()
}

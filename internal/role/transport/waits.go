package transport

import (
	"crypto/tls"
	"net"

	"openmosix/internal/linux/blocking"
)

// WaitInKernel has the reader of a connection of Dial or Server wait in the kernel, on a
// thread of its own (package blocking). Precondition: nobody uses it yet. After an error
// the connection is what it was.
func WaitInKernel(conn *tls.Conn) error {
	g, ok := conn.NetConn().(*gathered)
	if !ok {
		return nil
	}
	tcp, ok := g.Conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	c, err := blocking.From(tcp)
	if err != nil {
		return err
	}
	g.Conn, g.inKernel = c, c
	return nil
}

const (
	// largestRecord of TLS, with its head and what seals it.
	largestRecord = 5 + 16<<10 + 256
	// worthWaiting is from how many bytes on they are waited for together, mostWaiting how many
	// are at most: of more, some is taken in while the rest is on its way.
	worthWaiting = 64 << 10
	mostWaiting  = 1 << 20
)

// needs tells the connection that so many bytes of a frame are still to come. TLS reads from it
// while it has less than a record: all of them but that have not been read there.
func (g *gathered) needs(bytes int) {
	if g == nil || g.inKernel == nil {
		return
	}
	if bytes -= largestRecord; bytes < worthWaiting {
		bytes = 1
	}
	g.inKernel.Needs(min(bytes, mostWaiting))
}

// Package carrier is the process of a relay that carries the bytes of
// connections between nodes which have no network in common. The daemon, which
// has decided who may, hands both sockets of each over.
//
// It is a process of its own because a connection may be that of a guest, whose
// life must not depend on a daemon: when the daemon ends, what is carried goes
// on, and the carrier ends with the last of it. A later daemon starts another.
// What it carries is TLS from end to end; it has no key and looks at nothing.
//
// Ownership: one goroutine takes orders, two copy for each connection, and
// one sees whether what is copied is taken; a connection's sockets are closed when both directions have ended.
package carrier

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/role/transport"
)

// Max is how many connections are carried at once.
const Max = 1024

// Order comes with two files: the sockets of a connection's two halves.
type Order struct{}

// Report tells the daemon how many connections are carried, after each change.
type Report struct{ Open int }

const (
	daemonFD = 3
	// reportTime is how long a daemon may take to read a report.
	reportTime = time.Second
)

type carrier struct {
	daemon *unixmsg.Conn
	open   atomic.Int32
	all    sync.WaitGroup
}

// Main is the carrier's main; it returns the exit status.
func Main() int {
	daemon, err := unixmsg.FromFD(daemonFD)
	if err != nil {
		fmt.Fprintln(os.Stderr, "no socket to the daemon:", err)
		return 1
	}
	c := &carrier{daemon: daemon}
	c.serve()
	c.all.Wait()
	return 0
}

// serve takes orders until the daemon is gone.
func (c *carrier) serve() {
	for {
		var o Order
		files, err := c.daemon.Recv(&o)
		if err == nil && (len(files) != 2 || c.open.Load() >= Max) {
			fmt.Fprintf(os.Stderr, "connection not carried: %d sockets, %d connections already\n", len(files), c.open.Load())
		} else if err == nil {
			c.take(files)
		}
		for _, f := range files {
			f.Close()
		}
		if err != nil {
			return
		}
	}
}

func (c *carrier) take(files []*os.File) {
	var ends [2]*net.TCPConn
	for i, f := range files {
		conn, err := net.FileConn(f)
		tcp, ok := conn.(*net.TCPConn)
		if err != nil || !ok {
			fmt.Fprintln(os.Stderr, "connection not carried: not a TCP socket:", err)
			if i == 1 {
				ends[0].Close()
			}
			return
		}
		ends[i] = tcp
	}
	c.count(1)
	c.all.Go(func() {
		carry(ends[0], ends[1])
		c.count(-1)
	})
}

func (c *carrier) count(change int32) {
	open := c.open.Add(change)
	// A daemon that is gone, or does not read, misses it.
	if c.daemon.SetWriteDeadline(time.Now().Add(reportTime)) == nil {
		_ = c.daemon.Send(Report{Open: int(open)})
	}
}

// carry copies both ways until both have ended. The end of one is passed on as
// such, an error breaks both, as a side does that takes nothing: the other one must not wait
// for what is lost.
func carry(a, b *net.TCPConn) {
	defer a.Close()
	defer b.Close()
	var both sync.WaitGroup
	one := func(to, from *net.TCPConn) {
		if _, err := io.Copy(to, from); err != nil {
			abort(a)
			abort(b)
			return
		}
		_ = to.CloseWrite()
	}
	both.Go(func() { one(a, b) })
	both.Go(func() { one(b, a) })
	over := make(chan struct{})
	go func() {
		if transport.Watch(over, a, b) {
			abort(a)
			abort(b)
		}
	}()
	both.Wait()
	close(over)
}

// abort makes every wait on a socket end, and its other side see an error.
func abort(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

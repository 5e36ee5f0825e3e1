package transport

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"openmosix/internal/linux/blocking"
	"openmosix/internal/model/missing"

	"golang.org/x/sys/unix"
)

// errTooSlow: whoever is at the other end takes nothing, or too little, of what is sent to him.
var errTooSlow = errors.New("the other side takes nothing of what is sent to it, or too little")

// paceTick is how often it is looked how a peer takes what is sent. Time is counted in
// these: when all machines have stood still, nobody has been silent. The kernel's own limits
// (TCP_USER_TIMEOUT, deadlines) go on while processes are frozen, on both sides.
const paceTick = 2 * time.Second

// Pace watches how the peer of a connection takes what is sent: the kernel's acknowledgements,
// or, of what is no TCP, what a write has taken. That of a Framed does nothing while nothing
// is outstanding.
type Pace struct {
	socket  interface{ Control(func(fd uintptr)) error } // nil: no TCP
	tooSlow func()
	tick    time.Duration

	mu       sync.Mutex
	timer    *time.Timer // nil: nothing is outstanding, as far as is known
	writing  int         // bytes that are being written
	written  uint64      // ... and that have been
	taken    uint64      // as last seen
	mark     uint64      // what had been given at some time; 0: all of that is taken
	patience missing.Patience
}

// newPace watches a connection. tooSlow is called once, in a goroutine of its own.
func newPace(conn io.Closer, tooSlow func()) *Pace {
	p := &Pace{tooSlow: tooSlow, tick: paceTick}
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	if g, ok := conn.(*gathered); ok {
		conn = g.Conn
	}
	switch c := conn.(type) {
	case *net.TCPConn:
		p.socket, _ = c.SyscallConn() // fails never
	case *blocking.Conn:
		p.socket = c
	}
	return p
}

// Watch looks at connections, what is written to them by whomever, until done is closed, or
// one of their peers takes too little: true.
func Watch(done <-chan struct{}, conns ...*net.TCPConn) bool {
	var all []*Pace
	for _, c := range conns {
		all = append(all, newPace(c, nil))
	}
	tick := time.NewTicker(paceTick)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return false
		case <-tick.C:
		}
		for _, p := range all {
			if !p.goesOn(p.state()) {
				return true
			}
		}
	}
}

// begins: n bytes are about to be written.
func (p *Pace) begins(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writing = n
	if p.timer == nil {
		p.taken, p.mark, p.patience = 0, 0, missing.Patience{}
		p.timer = time.AfterFunc(p.tick, p.look)
	}
}

// ends: they have been, or it has failed.
func (p *Pace) ends(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written += uint64(n)
	p.writing = 0
}

// look looks again in a while, unless nothing is outstanding or it is over.
func (p *Pace) look() {
	p.mu.Lock()
	taken, given := p.state()
	p.timer = nil
	ok := p.goesOn(taken, given)
	if ok && taken < given {
		p.timer = time.AfterFunc(p.tick, p.look)
	}
	p.mu.Unlock()
	if !ok {
		p.tooSlow()
	}
}

// goesOn notes what has been taken of what was given, after one more tick; false: that is
// too little. Little is enough if it was all that there was.
func (p *Pace) goesOn(taken, given uint64) bool {
	before := p.taken
	p.taken = taken
	if taken >= p.mark {
		p.mark = given
		p.patience.Rest()
		return true
	}
	return p.patience.Wait(paceTick, taken-min(before, taken))
}

// state is how many bytes the peer has taken, and how many it is to take. mu is held.
func (p *Pace) state() (taken, given uint64) {
	taken, given = p.written, p.written+uint64(p.writing)
	if p.socket == nil {
		return taken, given
	}
	writing := p.writing > 0
	err := p.socket.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return
		}
		queued, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil {
			return
		}
		taken, given = info.Bytes_acked, info.Bytes_acked+uint64(queued)
		if writing && queued == 0 {
			given++ // it has begun just now
		}
	})
	if err != nil { // closed
		return taken, taken
	}
	return taken, given
}

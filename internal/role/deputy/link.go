package deputy

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/model/wire"
	"openmosix/internal/role/transport"
)

var le = binary.LittleEndian

// link is the connection to one guest supervisor. It may carry several
// processes: a guest's children stay with its supervisor until moved.
type link struct {
	s    *Supervisor
	conn *transport.Framed
	node int
	peer trust.Name
	way  atomic.Pointer[supervisor.Opened] // to the session

	kept  bool // it stays when no process goes by it: session.go; set before others know of it
	users int  // moves under way to its node; Supervisor.mu

	waiting *budget // of bytes of calls that no deputy has begun with
	bulks   bulks
	fetches atomic.Bool // pages may be left out: the other side asks for them later

	breaks breaks
	broken atomic.Bool // another connection is tried for
	once   sync.Once
	gone   chan struct{}

	complaints atomic.Int32

	sentMu sync.Mutex
	sent   map[int]uint64 // bytes of processes moved by it, by own pid
}

// frame is a copy of one received.
type frame struct {
	kind uint8
	id   int
	data []byte
}

// dial connects to a guest supervisor that the other daemon has started.
func (s *Supervisor) dial(ctx context.Context, node int, o *supervisor.Opened) (*link, error) {
	conn, peer, err := s.connect(ctx, node, o)
	if err != nil {
		return nil, fail(supervisor.Unreachable, err.Error())
	}
	l := &link{s: s, conn: conn, node: node, peer: peer, waiting: newBudget(mostWaiting), bulks: bulks{most: mostBulk}, gone: make(chan struct{})}
	l.way.Store(o)
	s.rates.suppose(node, o.Rate)
	conn.Last(l.again)
	s.mu.Lock()
	s.links[l] = struct{}{}
	s.mu.Unlock()
	go s.read(l)
	return l, nil
}

// connect makes a connection to a session, and tells who is at its other end.
func (s *Supervisor) connect(ctx context.Context, node int, o *supervisor.Opened) (*transport.Framed, trust.Name, error) {
	c, err := transport.Dial(ctx, transport.Way{Address: o.Addr, Pass: o.Pass}, &o.Session, s.daemon.Hello().Identity, trust.Guest)
	if err != nil {
		return nil, trust.Name{}, err
	}
	if err := transport.WaitInKernel(c); err != nil {
		s.log.Warn("the connection to a guest's side is slower than it might be", "node", node, "error", err)
	}
	peer, err := transport.PeerOf(c)
	if err != nil {
		_ = c.Close()
		return nil, trust.Name{}, err
	}
	return transport.NewFramed(c), peer, nil
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.gone)
		if l.waiting != nil {
			l.waiting.end()
		}
		_ = l.conn.Close()
		go func() { // until that has gone out the supervisor does not end: goodbye
			l.conn.Bye()
			l.s.mu.Lock()
			defer l.s.mu.Unlock()
			delete(l.s.links, l)
		}()
	})
}

// relayed tells whether there is a relay between: its pass is good for one connection.
func (l *link) relayed() bool { return l.way.Load().Pass != (supervisor.Session{}) }

// mostComplaints of one guest side are logged: whoever writes nonsense without end is not to
// fill a disk with it.
const mostComplaints = 32

// complain logs what a guest side has said that makes no sense.
func (l *link) complain(what string, args ...any) {
	switch n := l.complaints.Add(1); {
	case n < mostComplaints:
		l.s.log.Warn(what, append(args, "node", l.node)...)
	case n == mostComplaints:
		l.s.log.Warn("what else this guest side says that makes no sense is not told", "node", l.node)
	}
}

// mostWaiting bounds the bytes of one guest side that wait for their turn: a
// thread makes one call at a time, and its deputy begins with it at once.
const mostWaiting = 128 << 20

// mostPages bounds a frame of pages: nobody sends more than a quarter of it.
const mostPages = 1<<20 + 4096

// send may wait while the other side is slow; post never does, and gives the
// link up when too much waits. The tracing thread and the readers only post.
func (l *link) send(kind uint8, id int, parts ...[]byte) error {
	l.settle(kind)
	l.carries(kind, id, parts)
	return l.conn.Send(kind, uint64(uint32(id)), parts...)
}

func (l *link) post(kind uint8, id int, parts ...[]byte) error {
	l.settle(kind)
	return l.conn.Post(kind, uint64(uint32(id)), parts...)
}

// settle sends what is new of names before a frame from which a process could
// learn of it.
func (l *link) settle(kind uint8) {
	if kind != wire.Pages && kind != wire.File && kind != wire.Fetched && kind != wire.Same && kind != wire.Again {
		l.s.naming.Settle()
	}
}

// read takes everything a guest supervisor says until the connection ends.
func (s *Supervisor) read(l *link) {
	var err error
	reads := true
	defer func() {
		if reads {
			s.lost(l, err)
		}
	}()
	for {
		var f transport.Frame
		if f, err = l.conn.Recv(); err != nil {
			s.log.Debug("link ended", "node", l.node, "error", err)
			return
		}
		if len(f.Data) > mostPages && (f.Kind == wire.Pages || f.Kind == wire.Fetched || f.Kind == wire.Sole || f.Kind == wire.Left) {
			err = fmt.Errorf("%d bytes of pages at once", len(f.Data))
			return
		}
		fr := frame{kind: f.Kind, id: int(f.ID), data: l.conn.Own(f)}
		switch f.Kind {
		case wire.Call, wire.Behind, wire.Opened, wire.Wrote, wire.Mapping, wire.Clone, wire.Exec, wire.Exit, wire.MapFile, wire.Text, wire.Blocked, wire.Keep:
			d := s.deputyByOwn(fr.id)
			if d == nil || !d.p.makesCalls(l) {
				s.log.Debug("call of an unknown thread", "thread", fr.id)
				continue
			}
			if reads, err = s.serves(l, d, fr); err != nil {
				return
			}
			if !reads {
				return // another goroutine does
			}
		case wire.Cancel:
			if len(fr.data) == 8 {
				s.cancel(l, fr.id, le.Uint64(fr.data))
			}
		case wire.Prepared, wire.Holds, wire.Thawed, wire.Lacking, wire.Settle, wire.Settled, wire.Failed, wire.Frozen, wire.Pages, wire.Zero, wire.Sole, wire.PagesEnd:
			p := s.procByOwn(fr.id)
			if p == nil {
				continue
			}
			if in := p.inboxFor(l); in != nil {
				in.whole.Store(f.Kind == wire.PagesEnd)
				in.put(fr)
			}
		case wire.Left:
			s.leftCame(l, fr)
		case wire.Died:
			s.died(l, fr)
		case wire.Unmade:
			s.unmade(l, fr)
		case wire.NeedHome:
			s.needHome(l, fr)
		case wire.Usage:
			s.usage(l, fr)
		case wire.Stop:
			s.stopHere(l, fr)
		case wire.Want:
			s.wanted(l, fr)
		case wire.Fetched:
			s.fetchedFrom(l, fr)
		case wire.Joint:
			s.joint.said(l, fr)
		case wire.Calls:
			s.countSeen(l, fr)
		default:
			l.complain("unknown frame from the guest side", "kind", f.Kind)
		}
	}
}

// lost: the link is gone. Processes whose guest was behind it cannot go on:
// they die, visibly, as if killed. One that was being handed to it, and has not done anything there, goes
// back to where it was: its move sees to that.
func (s *Supervisor) lost(l *link, why error) {
	l.close()
	s.forgetSession(l)
	s.joint.lost(l)
	for _, w := range s.leftBehind(l) {
		s.leftOver(w, "the connection to its node was lost")
	}
	s.mu.Lock()
	var victims []*proc
	for _, p := range s.procs {
		victims = append(victims, p)
	}
	s.mu.Unlock()
	for _, p := range victims {
		p.mu.Lock()
		hit := p.link == l && !p.ended && (p.handing != l || p.handed)
		p.mu.Unlock()
		if in := p.inboxFor(l); in != nil {
			// A move that waits for this link must not wait for ever.
			in.offer(frame{kind: wire.Failed, id: p.Own, data: wire.Encode(wire.FailedMsg{Step: linkStep, Text: "the connection to the guest's node was lost"})})
			hit = hit && !in.whole.Load() // all of it is here: the move may well succeed
		}
		if hit {
			s.log.Error("guest lost: killing its process", "pid", p.PID, "node", l.node, "error", why)
			s.tell(supervisor.Event{Kind: supervisor.Lost, PID: p.PID, Node: l.node, Text: "the connection to the guest's node was lost"})
			kill(p.PID)
		}
	}
}

// stays: a move has failed, and the process is to go on behind l. It cannot if that
// was lost meanwhile.
func (s *Supervisor) stays(p *proc, l *link) {
	if in := p.inboxFor(l); in != nil {
		in.whole.Store(false)
	}
	s.unlessLost(l)
}

var errLostBefore = errors.New("the connection was lost while the process was on its way by it")

// unlessLost: a link that was lost while no process went by it yet has been
// reported to nobody. Precondition: the process goes by it now.
func (s *Supervisor) unlessLost(l *link) {
	select {
	case <-l.gone:
		s.lost(l, errLostBefore)
	default:
	}
}

func (s *Supervisor) usage(l *link, f frame) {
	var m wire.UsageMsg
	err := wire.Decode(f.data, &m)
	if err == nil {
		err = m.Validate()
	}
	if err != nil {
		l.complain("bad word of a guest's use", "error", err)
		return
	}
	if p := s.servedBy(l, f.id); p != nil {
		p.used(m)
		p.tellBounds(l, m.CPUSoft)
	}
}

package guest

import (
	"errors"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// frame is a copy of one received.
type frame struct {
	kind uint8
	id   int
	data []byte
}

func (g *Guest) send(kind uint8, id int, parts ...[]byte) error {
	return g.conn.Send(kind, uint64(uint32(id)), parts...)
}

// post is send for the tracing thread and the link's reader, which must not wait.
func (g *Guest) post(kind uint8, id int, parts ...[]byte) error {
	return g.conn.Post(kind, uint64(uint32(id)), parts...)
}

// along is post for who pushes it afterwards.
func (g *Guest) along(kind uint8, id int, parts ...[]byte) error {
	return g.conn.Along(kind, uint64(uint32(id)), parts...)
}

// sends is one of these.
type sends func(kind uint8, id int, parts ...[]byte) error

// read takes everything home says until it hangs up.
func (g *Guest) read() {
	for {
		f, err := g.conn.Recv()
		if err != nil {
			g.log.Debug("link ended", "error", err)
			return
		}
		id := int(f.ID)
		switch f.Kind {
		case wire.Reply:
			g.replied(id, f.Data)
		case wire.Prepare:
			go g.announced(frame{f.Kind, id, append([]byte(nil), f.Data...)})
		case wire.File, wire.Pages, wire.Same, wire.Zero, wire.Sole, wire.Settle, wire.PagesEnd, wire.Thaw:
			g.mu.Lock()
			in := g.arrivals[id]
			g.mu.Unlock()
			if in != nil {
				in.put(frame{f.Kind, id, g.conn.Own(f)})
			}
		case wire.Fetched:
			g.fetched(id, g.conn.Own(f))
		case wire.Again:
			g.again(id, f.Data)
		case wire.Want:
			g.wanted(id, f.Data)
		case wire.Ahead:
			g.wentAhead(id, g.conn.Own(f))
		case wire.Foretold:
			g.foretells(id, append([]byte(nil), f.Data...))
		case wire.Credit:
			g.credited(id, f.Data)
		case wire.Known:
			g.learn(id, f.Data)
		case wire.Joint:
			g.joint(g.conn.Own(f))
		case wire.Bounds:
			g.bounded(id, f.Data)
		case wire.Readable:
			g.readable(f.Data)
		case wire.Forget:
			g.forget(f.Data)
		case wire.Settled:
			g.settled(id, f.Data)
		case wire.Signal, wire.Freeze, wire.Commit, wire.Abort, wire.Kill, wire.Stop, wire.Cont:
			if fr := (frame{f.Kind, id, f.Data}); !g.keepForChild(fr) {
				g.heard(fr)
			}
		default:
			g.log.Warn("unknown frame from home", "kind", f.Kind)
		}
	}
}

// heard acts on a word about one body. It does not wait.
func (g *Guest) heard(f frame) {
	b := g.bodyByOwn(f.id)
	switch f.kind {
	case wire.Signal:
		g.signalled(f.id, f.data)
	case wire.Freeze:
		if b == nil {
			_ = g.post(wire.Failed, f.id, wire.Encode(wire.FailedMsg{Step: "freeze", Text: "the guest has ended", Gone: true}))
			return
		}
		var m wire.FreezeMsg
		if wire.Decode(f.data, &m) == nil {
			go b.depart(m, b.newDeparture(m.Try))
		}
	case wire.Commit, wire.Abort:
		g.mu.Lock()
		in := g.arrivals[f.id]
		if in != nil && f.kind == wire.Abort {
			in.off = true
		}
		g.mu.Unlock()
		switch {
		case b != nil && b.tell(frame{kind: f.kind, id: f.id}):
		case in != nil:
			in.put(frame{kind: f.kind, id: f.id})
		case b != nil && f.kind == wire.Abort: // it was slow to begin, and home has not waited
			g.log.Warn("home has given up a process that runs here: killing it", "process", f.id)
			b.kill()
		}
	case wire.Kill:
		if b != nil {
			b.kill()
		}
	case wire.Stop:
		g.control(f.id, unix.SIGSTOP)
	case wire.Cont:
		g.control(f.id, unix.SIGCONT)
	}
}

// control stops a body or lets it go on, as soon as it runs: in its place among
// the signals, since a SIGCONT comes as one of them.
func (g *Guest) control(own int, sig unix.Signal) {
	b := g.bodyByOwn(own)
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deaf() {
		b.late = append(b.late, lateSignal{control: sig})
		return
	}
	_ = unix.Kill(b.PID, sig)
}

// announced begins to take a process in. An earlier arrival of it that home has
// given up may still be ending; home says nothing more before it is answered.
func (g *Guest) announced(f frame) {
	in := newInbox()
	no := g.arriving(f.id, in)
	for within := owntime.Within(stopLimit); errors.Is(no, errHere) && !within.Over(); no = g.arriving(f.id, in) {
		time.Sleep(time.Millisecond)
	}
	if no == nil {
		g.arrive(f, in)
		return
	}
	g.log.Warn("home announces a process that does not come", "process", f.id, "why", no)
	_ = g.post(wire.Failed, f.id, wire.Encode(wire.FailedMsg{Step: "prepare", Text: no.Error()}))
}

var errHere = errors.New("a process of this number is here already")

// arriving notes a process on its way in, or says why it may not come.
func (g *Guest) arriving(own int, in *inbox) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.admitted && !g.kept:
		return errors.New("this session takes in one process")
	case g.arrivals[own] != nil:
		return errHere
	case len(g.arrivals) >= maxArrivals:
		return errors.New("too many processes are coming at once")
	}
	g.arrivals[own] = in
	return nil
}

// maxArrivals bounds what home can have built at the same time.
const maxArrivals = 64

// arrived ends an arrival; off: home has given it up, however it has gone.
func (g *Guest) arrived(own int) (off bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if in := g.arrivals[own]; in != nil {
		in.close()
		off = in.off
	}
	delete(g.arrivals, own)
	return off
}

func (g *Guest) bodyByOwn(own int) *body {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range g.bodies {
		if b.Own == own {
			return b
		}
	}
	return nil
}

func (g *Guest) bodyByPID(pid int) *body {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bodies[pid]
}

func (g *Guest) strandByOwn(own int) *strand {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byOwn[own]
}

// kill ends a body here; what home knows of the process is not our affair.
func (b *body) kill() {
	b.mu.Lock()
	b.gone = true
	b.mu.Unlock()
	_ = unix.Kill(b.PID, unix.SIGKILL)
}

// sigInfoSize is siginfo_t.
const sigInfoSize = len(ptrace.SigInfo{})

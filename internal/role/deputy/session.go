package deputy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// errUnfit: the session cannot take this process in; another one can.
var errUnfit = errors.New("the session does not fit the process")

const (
	// sessionIdle is how long a kept session stays without a process.
	sessionIdle = 20 * time.Second
	sweepEvery  = 5 * time.Second
)

// announce has the target node prepare for a process, by the session that is
// kept with that node or by a new one. The files the other side lacks are still
// to be sent.
func (s *Supervisor) announce(p *proc, r supervisor.Request, img *image.Image) (*link, *wire.PreparedMsg, error) {
	need := p.need(img)
	p.takes(need.Memory)
	l, opened := s.keptSession(r.To, s.keeps(p))
	defer opened()
	if l != nil {
		p.clocks(img)
		lacking, err := p.prepareBy(l, img, need.Memory)
		if err == nil {
			return l, lacking, nil
		}
		l.leave()
		if !errors.Is(err, errUnfit) {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), openLimit)
	defer cancel()
	status, err := p.Family.FS.Status(p.PID)
	if err != nil {
		return nil, nil, err
	}
	args, err := p.Family.FS.Cmdline(p.PID)
	if err != nil {
		return nil, nil, err
	}
	// The daemon leaves out what the lender is not to be told.
	o, err := s.openSession(ctx, supervisor.Open{Node: r.To, Addr: r.Addr, PID: p.PID, Need: need, Protocol: wire.Protocol,
		UID: status.Uid[0], GID: status.Gid[0], Command: img.Comm, Args: brief(args)})
	if err != nil {
		return nil, nil, err
	}
	dialed := time.Now()
	if l, err = s.dial(ctx, r.To, o); err != nil {
		return nil, nil, err
	}
	// The other side sets its clocks by these when they arrive. The handshake
	// took longer than the way there: time may jump a little, never back.
	way := time.Since(dialed).Nanoseconds()
	p.clocks(img)
	img.Monotonic += way
	img.Boottime += way
	lacking, err := p.prepareBy(l, img, need.Memory)
	if err != nil {
		l.close()
		return nil, nil, err
	}
	if s.keeps(p) {
		s.keepSession(l)
	}
	return l, lacking, nil
}

func (p *proc) prepareBy(l *link, img *image.Image, memory uint64) (*wire.PreparedMsg, error) {
	p.deal(l)
	announced := wire.PrepareMsg{Image: *img, Kept: p.s.keeps(p), Memory: memory, Alone: p.sharing.own.Load(), Reconnect: p.s.daemon.Hello().Reconnect}
	if err := p.asksHeld(&announced); err != nil {
		return nil, err
	}
	if announced.Names = !p.sharesRoot.Load() && p.s.naming.Joins(p.s.naming.ViewOf(p.PID), p.s.log); announced.Names {
		p.s.naming.Listens(l.conn, true)
	}
	p.sharesNames.Store(announced.Names)
	p.plain.Store(p.s.naming.IsPlain(p.PID))
	if err := l.send(wire.Prepare, p.Own, wire.Encode(announced)); err != nil {
		return nil, fail(supervisor.Unreachable, err.Error())
	}
	f, err := p.prepared(l)
	if err == nil && f.kind != wire.Prepared {
		err = fmt.Errorf("unexpected answer %d from the guest's side (different versions of openMosix on the two nodes?)", f.kind)
	}
	if err != nil {
		return nil, err
	}
	var m wire.PreparedMsg
	if err := wire.Decode(f.data, &m); err != nil {
		return nil, err
	}
	l.fetches.Store(m.Fetches)
	return &m, nil
}

// firstID is the number of a container's first process, which is alone in its session.
const firstID = 1

// keeps tells whether a session that is opened for a process is kept.
func (s *Supervisor) keeps(p *proc) bool { return s.attending.Load() && p.Own != firstID }

// keptSession is the session that is kept with a node; nil: there is none. Then,
// if the caller keeps the one it opens, others wait until it calls opened: the many
// programs with which a family begins share one.
func (s *Supervisor) keptSession(node int, keeps bool) (l *link, opened func()) {
	for {
		s.mu.Lock()
		if l := s.sessions[node]; l != nil {
			l.users++
			s.mu.Unlock()
			return l, func() {}
		}
		under := s.opening[node]
		if under == nil && keeps {
			under = make(chan struct{})
			s.opening[node] = under
			s.mu.Unlock()
			return nil, func() {
				s.mu.Lock()
				delete(s.opening, node)
				s.mu.Unlock()
				close(under)
			}
		}
		s.mu.Unlock()
		if !keeps {
			return nil, func() {}
		}
		<-under // bounded, as opening is
	}
}

// keepSession keeps a new session that the other side keeps as well.
func (s *Supervisor) keepSession(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.kept, l.users = true, 1
	if s.sessions[l.node] == nil {
		s.sessions[l.node] = l
	}
}

// leave ends what a move that failed had with a link. A kept one stays.
func (l *link) leave() {
	if !l.kept {
		l.close()
		return
	}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.users--
}

// arrived: the process counts by its link from here on.
func (l *link) arrived() {
	if l.kept {
		l.leave()
	}
}

// use keeps a kept session as long as something is needed from its node.
func (l *link) use() { l.usedBy(1) }

func (l *link) unuse() { l.usedBy(-1) }

func (l *link) usedBy(n int) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.kept {
		l.users += n
	}
}

// sweepSessions closes kept sessions that nobody has used for a while.
func (s *Supervisor) sweepSessions() {
	idle := map[*link]time.Time{}
	for {
		select {
		case <-s.done:
			return
		case <-time.After(sweepEvery):
		}
		still := map[*link]time.Time{}
		for _, l := range s.unused() {
			since, known := idle[l]
			if !known {
				since = time.Now()
			}
			if time.Since(since) > sessionIdle {
				s.endSession(l)
				continue
			}
			still[l] = since
		}
		idle = still
	}
}

// unused lists the kept sessions that no process goes by or is on its way to.
func (s *Supervisor) unused() []*link {
	var ps []*proc
	s.mu.Lock()
	for _, p := range s.procs {
		ps = append(ps, p)
	}
	var idle []*link
	for _, l := range s.sessions {
		if l.users == 0 {
			idle = append(idle, l)
		}
	}
	s.mu.Unlock()
	for _, p := range ps {
		l := p.away()
		for i := range idle {
			if idle[i] == l {
				idle = append(idle[:i], idle[i+1:]...)
				break
			}
		}
	}
	return idle
}

// endSession closes a kept session, unless it has found a user meanwhile.
func (s *Supervisor) endSession(l *link) {
	s.mu.Lock()
	idle := l.users == 0
	if idle && s.sessions[l.node] == l {
		delete(s.sessions, l.node)
	}
	s.mu.Unlock()
	if idle {
		l.close()
	}
}

// forgetSession: the link is gone.
func (s *Supervisor) forgetSession(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[l.node] == l {
		delete(s.sessions, l.node)
	}
	s.naming.Listens(l.conn, false)
}

// brief bounds arguments: they are for people, and a message has a limit.
func brief(args []string) []string {
	const most, longest = 32, 128
	args = args[:min(len(args), most)]
	for i, a := range args {
		args[i] = a[:min(len(a), longest)]
	}
	return args
}

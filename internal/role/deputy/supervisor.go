package deputy

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/cpu"
	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/tally"
	"openmosix/internal/process/callcount"
	"openmosix/internal/process/filehash"
	"openmosix/internal/process/naming"
	"openmosix/internal/process/tracee"
	"openmosix/internal/role/employer"
)

// Supervisor keeps one family.
type Supervisor struct {
	daemon *employer.Daemon
	log    *slog.Logger
	fam    *tracee.Family
	hashes *filehash.Cache
	cpu    cpu.Features // asked once: in a virtual machine each question is an exit
	fault  fault.Fault
	calls  callcount.Counter // what deputies have done for their guests, not yet in figures

	attending atomic.Bool // the family stays traced at home: attend.go, family.go
	placesToo atomic.Bool // ... and its programs are placed
	staying   stays
	tracers   knownTracers // tracing thread
	naming    *naming.Naming
	pieces    pieces
	courses   courses
	rates     rates

	mu       sync.Mutex
	procs    map[int]*proc    // by pid
	byOwn    map[int]*deputy  // by the thread's own id
	born     map[int]*newborn // by own id: made by a deputy, not yet claimed by it
	opens    map[uint64]chan *supervisor.Opened
	placing  map[uint64]question
	links    map[*link]struct{}    // all
	sessions map[int]*link         // kept ones, by node: session.go
	opening  map[int]chan struct{} // closed when the one that is being opened is there, or is not
	nextID   uint64
	requests int                     // under way
	needed   bool                    // it has been told to do something, or will not be
	comings  []*coming               // processes at home of which pages are missing
	used     map[int]supervisor.Used // by pid, of processes that came home
	figures  figures
	lefts    []*left   // of processes that have ended: left.go
	watching sync.Once // for leases that others want
	joint    *jointly
	cover    cover

	begun      time.Time
	disbanding sync.Once
	done       chan struct{}
	once       sync.Once
}

// Main runs a home supervisor until its last process has come home or ended.
// Descriptor 3 is the daemon's socket, 4 the one at which a later daemon comes.
// The result is the exit status.
func Main() int {
	s := newSupervisor()
	var err error
	if s.daemon, err = employer.Meet(&s.fault); err != nil {
		slog.Error("home supervisor", "error", err)
		return 2
	}
	s.log, s.hashes = s.daemon.Log, s.daemon.Hashes
	go s.serve()
	s.daemon.Ready()
	<-s.done
	s.tellFigures() // there is no later question
	s.daemon.Flush()
	s.goodbye()
	return 0
}

func newSupervisor() *Supervisor {
	s := &Supervisor{log: slog.Default(), cpu: cpu.Local(), procs: map[int]*proc{}, byOwn: map[int]*deputy{}, born: map[int]*newborn{},
		used: map[int]supervisor.Used{}, opens: map[uint64]chan *supervisor.Opened{}, placing: map[uint64]question{}, links: map[*link]struct{}{}, sessions: map[int]*link{}, opening: map[int]chan struct{}{},
		pieces: newPieces(), figures: figures{seen: tally.Sum{}, done: tally.Sum{}}, begun: time.Now(), done: make(chan struct{})}
	s.joint, s.fam = newJointly(s), tracee.NewFamily(s)
	s.naming = naming.New(s.fam.FS, s.anyAway, s.done)
	s.fam.Owes = func(more int) {
		s.stay(more)
		s.endIfIdle()
	}
	return s
}

// serve takes the daemon's requests. When the daemon is gone the supervisor
// goes on: its processes do not depend on it.
func (s *Supervisor) serve() {
	rejoined := false
	for {
		var m supervisor.FromDaemon
		files, err := s.daemon.Recv(&m)
		if err != nil {
			s.log.Info("the daemon is gone", "error", err)
			s.mu.Lock()
			s.needed = true
			s.mu.Unlock()
			s.endIfIdle()
			if s.daemon.Rejoin() != nil {
				return
			}
			s.staying.takenBack(nil) // of this one nothing is known
			rejoined = true
			continue
		}
		if rejoined && m.Hello != nil {
			rejoined = false
			s.pledgeAgain()
		}
		for _, f := range files {
			_ = f.Close()
		}
		switch {
		case m.Request != nil:
			s.mu.Lock()
			s.requests++
			s.needed = s.needed || !isQuestion(m.Request.Verb)
			s.mu.Unlock()
			go s.request(*m.Request)
		case m.Opened != nil:
			s.mu.Lock()
			c := s.opens[m.Opened.ID]
			delete(s.opens, m.Opened.ID)
			s.mu.Unlock()
			if c != nil {
				c <- m.Opened
			}
		case m.Placed != nil:
			s.placed(m.Placed)
		}
	}
}

func (s *Supervisor) request(r supervisor.Request) {
	defer s.endIfIdle()
	defer func() {
		s.mu.Lock()
		s.requests--
		s.mu.Unlock()
	}()
	switch r.Verb {
	case supervisor.MoveTo:
		node, standstill, err := s.move(r)
		if err != nil {
			s.tell(s.failure(r, err))
			return
		}
		e := supervisor.Event{ID: r.ID, Kind: supervisor.Moved, PID: r.PID, Node: node, Micros: standstill.Microseconds()}
		if node == 0 {
			e.Used = s.usedBy(r.PID)
		}
		s.tell(e)
	case supervisor.Describe:
		s.tellFigures()
		s.tell(supervisor.Event{ID: r.ID, Kind: supervisor.State, Procs: s.describe()})
	case supervisor.CancelMove:
		if err := s.cancelMove(r.PID); err != nil {
			s.tell(s.failure(r, err))
			return
		}
		s.tell(supervisor.Event{ID: r.ID, Kind: supervisor.GivenUp, PID: r.PID})
	case supervisor.LeaveAll:
		s.leaveAll(r)
	case supervisor.Elsewhere:
		s.elsewhere(r.To, r.Addr)
	case supervisor.Attend:
		s.attend(r)
	case supervisor.AskAgain:
		s.staying.takenBack(r.Sorts)
		s.tell(supervisor.Event{ID: r.ID, Kind: supervisor.Asks})
	default: // a later daemon's
		s.tell(s.failure(r, fmt.Errorf("this supervisor's version does not know how to %q", r.Verb)))
	}
}

// moveError carries the class of a failure to the command.
type moveError struct {
	code  supervisor.Code
	text  string
	brief bool // what hinders the move may be over in a moment
}

func (e *moveError) Error() string { return e.text }

func fail(code supervisor.Code, text string) error { return &moveError{code: code, text: text} }

// isBrief tells of an error that says what may be over in a moment.
func isBrief(err error) bool {
	var m *moveError
	return errors.As(err, &m) && m.brief
}

func (s *Supervisor) failure(r supervisor.Request, err error) supervisor.Event {
	e := supervisor.Event{ID: r.ID, Kind: supervisor.Failed, PID: r.PID, Code: supervisor.Internal, Text: said(err.Error())}
	var m *moveError
	switch {
	case errors.As(err, &m):
		e.Code = m.code
	case errors.Is(err, tracee.ErrGone):
		e.Code = supervisor.NoSuchProcess
	case errors.Is(err, tracee.ErrSlow), errors.Is(err, tracee.ErrBusy):
		e.Code = supervisor.Busy
	case errors.Is(err, tracee.ErrShared): // mapped since it was looked at
		e.Code = supervisor.CannotMove
	}
	// Whatever step met its end, it is the process's end that is told.
	if (e.Code == supervisor.Internal || e.Code == supervisor.CannotMove) && s.ended(r.PID) {
		e.Code, e.Text = supervisor.NoSuchProcess, "the process has ended"
	}
	return e
}

// ended tells whether a process is gone, a zombie, or about to be one: its memory goes first.
func (s *Supervisor) ended(pid int) bool {
	st, err := s.fam.FS.Status(pid)
	switch {
	case err != nil:
		return errors.Is(err, procfs.ErrGone)
	case st.State == 'Z':
		ends, err := s.fam.FS.Ends(pid)
		return ends || errors.Is(err, procfs.ErrGone)
	}
	return st.State == 'X' || st.VmSize == 0
}

func (s *Supervisor) describe() []supervisor.Proc {
	s.mu.Lock()
	ps := make([]*proc, 0, len(s.procs))
	for _, p := range s.procs {
		ps = append(ps, p)
	}
	s.mu.Unlock()
	var out []supervisor.Proc
	for _, p := range ps {
		if d := p.describe(); d.Node != 0 || d.Moves > 0 || d.State == stateMoving || !s.attending.Load() {
			out = append(out, d) // one that is only attended is like any other of the node
		}
	}
	return out
}

// tell sends an event to the daemon; a daemon that is gone misses it.
func (s *Supervisor) tell(e supervisor.Event) { s.daemon.Tell(e) }

// openSession has the daemon arrange a guest supervisor on another node.
func (s *Supervisor) openSession(ctx context.Context, o supervisor.Open) (*supervisor.Opened, error) {
	c := make(chan *supervisor.Opened, 1)
	s.mu.Lock()
	s.nextID++
	o.ID = s.nextID
	s.opens[o.ID] = c
	s.mu.Unlock()
	s.tell(supervisor.Event{Kind: supervisor.Opening, PID: o.PID, Open: &o})
	select {
	case a := <-c:
		if a.Code != "" {
			return nil, fail(a.Code, a.Text)
		}
		s.log.Debug("session", "node", o.Node, "id", hex.EncodeToString(a.Session[:4]))
		return a, nil
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.opens, o.ID)
		s.mu.Unlock()
		return nil, fail(supervisor.Unreachable, "the node did not answer in time")
	}
}

// openLimit bounds the arrangement of a session.
const openLimit = 10 * time.Second

// all are the processes it looks after, at this moment.
func (s *Supervisor) all() []*proc {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.procs))
}

// anyAway tells whether a process of the family is on another node.
func (s *Supervisor) anyAway() bool {
	return slices.ContainsFunc(s.all(), func(p *proc) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.link != nil
	})
}

// neededWithin is for how long a supervisor waits for what it was started for.
const neededWithin = time.Minute

// isQuestion tells of a request that all supervisors may be sent at any time.
func isQuestion(v supervisor.Verb) bool {
	return v == supervisor.Describe || v == supervisor.AskAgain || v == supervisor.Elsewhere
}

// endIfIdle ends the supervisor when it keeps nothing. One that has just been started may be asked, like all others,
// what it keeps, before it is told what it is to keep.
func (s *Supervisor) endIfIdle() {
	s.mu.Lock()
	idle := len(s.procs) == 0 && s.requests == 0 && len(s.lefts) == 0 && (s.needed || time.Since(s.begun) > neededWithin)
	s.mu.Unlock()
	if idle {
		s.once.Do(func() { close(s.done) })
	}
}

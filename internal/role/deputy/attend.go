package deputy

import (
	"context"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"
)

// An attended family is what mosrun has started: the command and all that
// descends from it are traced from the beginning, also at home, so that each
// program can be placed in the moment in which it is executed. Its image is
// then a few pages, and it has done nothing yet that would have to be repeated.
//
//	fork, clone  the child is attended as well
//	execve       stopped there; the daemon says where it is to run, or has said so: goes on, or moves
//	signals      are delivered natively
//	coming home  attended again, not let go
//
// At home nobody depends on the supervisor: should it die, they run on untraced.

// attendOptions are those of a process of an attended family that is at home.
const attendOptions = seizeOptions | ptrace.TraceFork | ptrace.TraceVfork

// placeLimit bounds how long a program waits for the daemon's word. Then it
// begins where it is.
const placeLimit = 500 * time.Millisecond

// homeOptions are the options of processes that are at home.
func (s *Supervisor) homeOptions() int {
	if s.attending.Load() {
		return attendOptions
	}
	return seizeOptions
}

// attend does an Attend request.
func (s *Supervisor) attend(r supervisor.Request) {
	s.placesToo.Store(true)
	s.follow()
	p, err := s.attach(r)
	if err != nil {
		s.tell(s.failure(r, err))
		return
	}
	if p != nil {
		p.end()
	}
	s.tell(supervisor.Event{ID: r.ID, Kind: supervisor.Attended, PID: r.PID})
}

// attended enters a process that one of the family has made at home. Runs on
// the tracing thread.
func (s *Supervisor) attended(pid, own, parent int) *proc {
	tp := s.fam.NewChild(pid, own)
	p := &proc{Process: tp, s: s, homeParent: parent}
	if maker := s.procByPID(parent); maker != nil {
		p.inherits(maker)
	}
	tp.Data = p
	s.mu.Lock()
	s.procs[pid] = p
	processes := len(s.procs)
	s.mu.Unlock()
	s.daemon.Holds(processes)
	return p
}

// executedHere: a process of an attended family executes a program. It stays in
// that stop until it is known where it goes. from is the node where the program
// before it was. Runs on the tracing thread.
func (s *Supervisor) executedHere(p *proc, t *tracee.Thread, from int) {
	if node := p.notEntering(); from == 0 {
		from = node // where the program before this one was about to be
	}
	if s.outgrown(p, t) {
		return
	}
	if s.placesToo.Load() {
		path, kind := p.executes()
		traces := s.tracers.is(p)
		if from == 0 && !traces && s.goesOn(p, t, path, kind) {
			return
		}
		if p.begin() {
			p.mu.Lock()
			p.program, p.kind = path, kind
			p.mu.Unlock()
			go s.place(p, t, from, traces)
			return
		}
	}
	_ = t.GoOn(0) // a move under way sees that it has executed
}

// place has a program begin where the daemon says. traces: at home it is let go, as it traces others or has itself traced.
func (s *Supervisor) place(p *proc, t *tracee.Thread, from int, traces bool) {
	defer s.endIfIdle()
	goOn := func() { s.fam.Loop.Do(func() { _ = t.GoOn(0) }) }
	where := s.whereTo(p, from)
	if where == nil || where.Node == 0 {
		if traces {
			s.fam.Loop.Do(func() { s.leaves(p, t) })
			return
		}
		p.end() // first: its next execve comes at once
		goOn()
		return
	}
	if !s.toEntry(p, t, *where) {
		s.sendFresh(p, *where)
	}
}

// sendFresh moves a program that has not begun yet: its only thread stands.
// Precondition: p.begin. What is open for it is closed before that ends: the program may be executing the next one
// as soon as it runs, and that has its own.
func (s *Supervisor) sendFresh(p *proc, where supervisor.Placed) {
	defer s.daemon.Moved()
	r := supervisor.Request{PID: p.PID, To: where.Node, Addr: where.Addr}
	begun, trip := time.Now(), p.trip(nil, where.Node)
	trip.Placed = true
	still, err := s.moveOut(p, r, atExec, func(string, uint64, uint64) {})
	s.tellTrip(r, p.overAfter(trip, begun, still), err)
	program := p.program
	p.closeHandles()
	p.end()
	if err != nil {
		s.log.Debug("a program begins at home", "pid", p.PID, "program", program, "node", where.Node, "error", err)
		s.tell(supervisor.Event{Kind: supervisor.Stayed, PID: p.PID, Node: where.Node, Text: err.Error()})
		return
	}
	s.tell(supervisor.Event{Kind: supervisor.Moved, PID: p.PID, Node: where.Node, Micros: still.Microseconds()})
}

// question is an Executed that is to be answered.
type question struct {
	p      *proc
	kind   string
	asked  uint64 // stays.asking
	answer chan *supervisor.Placed
}

// whereTo asks the daemon; nil: it says nothing.
func (s *Supervisor) whereTo(p *proc, from int) *supervisor.Placed {
	p.mu.Lock()
	program := p.program
	q := question{p: p, kind: p.kind, asked: s.staying.asking(), answer: make(chan *supervisor.Placed, 1)}
	p.mu.Unlock()
	s.mu.Lock()
	s.nextID++
	id := s.nextID
	s.placing[id] = q
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), placeLimit)
	defer cancel()
	if s.daemon.Send(supervisor.Event{ID: id, Kind: supervisor.Executed, PID: p.PID, Node: from, Text: program, Sort: q.kind}) != nil {
		cancel() // nobody hears it
	}
	select {
	case a := <-q.answer:
		return a
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.placing, id)
		s.mu.Unlock()
		return nil
	}
}

func (s *Supervisor) placed(a *supervisor.Placed) {
	s.mu.Lock()
	q, waits := s.placing[a.ID]
	delete(s.placing, a.ID)
	s.mu.Unlock()
	if !waits {
		return
	}
	if a.Stays != nil {
		own := s.staying.said(*a.Stays, q.kind, q.asked, time.Now())
		q.p.mu.Lock()
		q.p.stay = own
		q.p.mu.Unlock()
	}
	q.answer <- a
}

// keepTraced makes threads that are about to run at home traced as those of the family are there.
func (s *Supervisor) keepTraced(ts []*tracee.Thread) {
	for _, t := range ts {
		t.SetData(nil)
		options := s.homeOptions()
		if s.attending.Load() {
			options = t.Proc.Data.(*proc).attendOptions()
		}
		_ = ptrace.SetOptions(t.TID, options)
	}
}

// finished tells the daemon what a program has used, when the family is
// attended: so it knows the next time what the program is like. micros is what
// the kernel counts for the process and the children it has waited for.
func (s *Supervisor) finished(p *proc, micros int64) {
	if !s.attending.Load() {
		return
	}
	if parent := s.procByPID(p.homeParent); parent != nil {
		parent.mu.Lock()
		parent.childMicros += micros
		parent.mu.Unlock()
	}
	p.mu.Lock()
	program, kind, own, away := p.program, p.kind, micros-p.childMicros, p.burnt.cpu-p.burntBefore
	var calls *uint64
	if n := p.calls.Load() - p.callsBefore; away > 0 {
		calls = &n
	}
	p.mu.Unlock()
	if program != "" {
		s.log.Debug("a program has ended", "pid", p.PID, "program", program, "own", own, "away", away, "parent", p.homeParent)
		used := max(own, 0) + away
		s.daemon.Later(supervisor.Event{Kind: supervisor.Ended, PID: p.PID, Text: program, Micros: used, Sent: calls})
		s.staying.ran(kind, time.Duration(used)*time.Microsecond)
	}
}

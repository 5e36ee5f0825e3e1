package daemon

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
)

// maxHomeProcs bounds what one supervisor may claim to look after.
const maxHomeProcs = 1 << 16

// errSupervisorEnded means that a home supervisor ended before it answered.
var errSupervisorEnded = errors.New("the home supervisor of the process ended before the move was done; see the log of the node daemon")

// homes knows which home supervisor looks after which process.
type homes struct {
	nextID atomic.Uint64

	mu    sync.Mutex
	byPID map[int]*home
	all   map[*home]struct{}
	used  map[int]supervisor.Used // by pid, of processes that came home
	proc  procfs.FS
	ended calls                  // of supervisors that have ended
	told  func(supervisor.Event) // hears of moves and losses
	// family are the processes that share memory with one: one supervisor looks after all of them.
	family func(pid int) []int
}

// home is one home supervisor. procs and waiting are guarded by homes.mu.
type home struct {
	registry *homes
	first    int           // the pid it was started for
	earlier  bool          // by an earlier daemon
	ready    chan struct{} // closed when child and err are set
	err      error
	child    *child
	ended    chan struct{} // closed when its socket is

	procs   map[int]supervisor.Proc
	waiting map[uint64]*answer
	asked   bool // for something about a process; before, it does not know of first
	calls   calls

	sessions []session // the latest that were opened for it

	stays atomic.Bool // it has been told of programs that stay, and that was not taken back
}

// answer is what one request waits for.
type answer struct {
	moves    int                   // the process it moves; 0: none
	progress chan supervisor.Event // what does not fit is left out
	last     chan supervisor.Event // one place: the last word
}

func newHomes(proc procfs.FS) *homes {
	return &homes{byPID: make(map[int]*home), all: make(map[*home]struct{}), used: make(map[int]supervisor.Used), proc: proc,
		ended: newCalls(), told: func(supervisor.Event) {}, family: func(int) []int { return nil }}
}

// find gives the supervisor of a process, if it has one. Of a process that is
// attended and has never moved, the kernel alone tells which it is.
func (r *homes) find(pid int) (*home, supervisor.Proc, bool) {
	r.mu.Lock()
	h, ok := r.byPID[pid]
	if ok {
		defer r.mu.Unlock()
		return h, h.procs[pid], true
	}
	r.mu.Unlock()
	h = r.attending(pid)
	if h == nil {
		return nil, supervisor.Proc{}, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), describeTimeout)
	defer cancel()
	// It may have been made away, a moment ago.
	_, _ = h.request(ctx, supervisor.Request{Verb: supervisor.Describe}, func(supervisor.Event) {})
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, told := h.procs[pid]; told {
		return h, p, true
	}
	return h, supervisor.Proc{PID: pid, HomePID: pid, State: "running"}, true
}

// attending is the supervisor that traces a process; nil: none does.
func (r *homes) attending(pid int) *home {
	status, err := r.proc.Status(pid)
	if err != nil || status.TracerPid == 0 {
		return nil
	}
	tracer, err := r.proc.Status(status.TracerPid) // a thread
	if err != nil {
		return nil
	}
	for _, h := range r.list() {
		if h.child != nil && h.child.pid == tracer.Tgid {
			return h
		}
	}
	return nil
}

// claim gives the supervisor of a process or a place for a new one, which the
// caller fills with begin (mine). Two callers never start two supervisors.
func (r *homes) claim(pid int) (h *home, mine bool) {
	if h, _, held := r.find(pid); held {
		return h, false
	}
	family := r.family(pid)
	var theirs *home
	for _, other := range family {
		if theirs == nil {
			theirs = r.attending(other)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if h, ok := r.byPID[pid]; ok {
		return h, false
	}
	for _, other := range family {
		if h := r.byPID[other]; h != nil {
			theirs = h
		}
	}
	if _, lives := r.all[theirs]; lives {
		r.note(theirs, supervisor.Proc{PID: pid, State: "running"})
		return theirs, false
	}
	h = newHome(r, pid)
	h.procs[pid] = supervisor.Proc{PID: pid, State: "running"}
	r.byPID[pid] = h
	r.all[h] = struct{}{}
	return h, true
}

// place is for a supervisor of an earlier daemon, which has yet to tell what it looks after.
func (r *homes) place(first int) *home {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := newHome(r, first)
	h.earlier = true
	r.all[h] = struct{}{}
	return h
}

func newHome(r *homes, first int) *home {
	return &home{registry: r, first: first, ready: make(chan struct{}), ended: make(chan struct{}),
		procs: make(map[int]supervisor.Proc), waiting: make(map[uint64]*answer), calls: newCalls()}
}

// begin makes a claimed place live, or gives it up when err is set.
func (h *home) begin(c *child, err error, desk desk) {
	h.child, h.err = c, err
	if c != nil {
		c.pledges = &pledges{}
	}
	if err != nil {
		h.forget()
		close(h.ready)
		return
	}
	close(h.ready)
	go func() {
		c.listen(func(e supervisor.Event) { h.event(e, desk) })
		away := h.away()
		h.forget()
		if <-c.exited; !c.ended {
			for _, p := range away {
				h.registry.told(supervisor.Event{Kind: supervisor.Lost, PID: p.PID, Node: p.Node, Text: c.endedHow()})
			}
			desk.orphaned(h.leaves())
		}
	}()
}

// away lists the processes that die with the supervisor: those that are on another node.
func (h *home) away() []supervisor.Proc {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	var out []supervisor.Proc
	for _, p := range h.procs {
		if p.Node != 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b supervisor.Proc) int { return a.PID - b.PID })
	return out
}

// desk is whom home supervisors ask and tell what is not about their requests.
type desk interface {
	openFor(*home, supervisor.Open)
	placeFor(*home, supervisor.Event)
	wentOn(supervisor.Event)
	began(supervisor.Event)
	stayed(supervisor.Event)
	finished(supervisor.Event)
	orphaned([]session)
}

// forget takes the supervisor out of the registry and fails who waits for it.
func (h *home) forget() {
	r := h.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	for pid := range h.procs {
		r.drop(h, pid)
	}
	delete(r.all, h)
	r.ended.add(h.calls)
	close(h.ended)
}

// drop precondition: r.mu is held.
func (r *homes) drop(h *home, pid int) {
	delete(h.procs, pid)
	if r.byPID[pid] == h {
		delete(r.byPID, pid)
	}
}

// note precondition: r.mu is held.
func (r *homes) note(h *home, p supervisor.Proc) {
	if p.PID <= 0 || len(h.procs) >= maxHomeProcs {
		return
	}
	h.procs[p.PID] = p
	r.byPID[p.PID] = h
}

// event takes in what a supervisor tells.
func (h *home) event(e supervisor.Event, desk desk) {
	switch e.Kind {
	case supervisor.Opening:
		if e.Open != nil {
			go desk.openFor(h, *e.Open)
		}
		return
	case supervisor.Executed:
		if e.ID == 0 {
			desk.wentOn(e)
		} else {
			go desk.placeFor(h, e)
		}
		return
	case supervisor.Stayed:
		desk.stayed(e)
		return
	case supervisor.Ended:
		desk.finished(e)
		return
	}
	h.registry.told(e)
	if e.Kind == supervisor.Moved && e.ID == 0 {
		desk.began(e)
	}
	r := h.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	h.update(e)
	if a, ok := h.waiting[e.ID]; ok {
		if a.deliver(e) {
			delete(h.waiting, e.ID)
		}
	}
}

// update precondition: registry.mu is held.
func (h *home) update(e supervisor.Event) {
	r := h.registry
	if e.Used != nil {
		r.remember(e.PID, *e.Used)
	}
	switch e.Kind {
	case supervisor.Moved:
		p := h.procs[e.PID]
		p.PID, p.Node, p.State = e.PID, e.Node, "running"
		p.Moves++
		r.note(h, p)
	case supervisor.Gone, supervisor.Lost:
		r.drop(h, e.PID)
	case supervisor.Counted:
		h.calls.replace(e.Calls)
	case supervisor.State:
		told := make(map[int]bool, len(e.Procs))
		told[h.first] = !h.asked && !h.earlier
		for _, a := range h.waiting {
			told[a.moves] = true // on its way out it may not be listed yet
		}
		for _, p := range e.Procs {
			told[p.PID] = true
			r.note(h, p)
		}
		for pid := range h.procs {
			if !told[pid] {
				r.drop(h, pid)
			}
		}
	}
}

// deliver tells whether this was the last word.
func (a *answer) deliver(e supervisor.Event) bool {
	switch e.Kind {
	case supervisor.Progress:
		select {
		case a.progress <- e:
		default:
		}
		return false
	case supervisor.Moved, supervisor.Failed, supervisor.State, supervisor.Attended, supervisor.GivenUp, supervisor.Asks:
		a.last <- e
		return true
	}
	return false
}

// request asks the supervisor and waits for its last word.
func (h *home) request(ctx context.Context, q supervisor.Request, progress func(supervisor.Event)) (supervisor.Event, error) {
	r := h.registry
	q.ID = r.nextID.Add(1)
	a := &answer{moves: q.PID, progress: make(chan supervisor.Event, 16), last: make(chan supervisor.Event, 1)}
	r.mu.Lock()
	h.waiting[q.ID] = a
	h.asked = h.asked || q.PID != 0
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(h.waiting, q.ID)
	}()
	if err := h.child.tell(supervisor.FromDaemon{Request: &q}); err != nil {
		return supervisor.Event{}, errors.Join(errSupervisorEnded, err)
	}
	for {
		select {
		case e := <-a.progress:
			progress(e)
		case e := <-a.last:
			return e, nil
		case <-h.ended:
			// The last word may have come just before the end.
			select {
			case e := <-a.last:
				return e, nil
			default:
				return supervisor.Event{}, errSupervisorEnded
			}
		case <-ctx.Done():
			return supervisor.Event{}, context.Cause(ctx)
		}
	}
}

// list gives all supervisors that are ready.
func (r *homes) list() []*home {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*home
	for h := range r.all {
		select {
		case <-h.ready:
			out = append(out, h)
		default:
		}
	}
	return out
}

// procs gives every process looked after, by ascending pid.
func (r *homes) procs() []supervisor.Proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []supervisor.Proc
	for h := range r.all {
		for _, p := range h.procs {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b supervisor.Proc) int { return a.PID - b.PID })
	return out
}

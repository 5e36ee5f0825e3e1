package daemon

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/owner"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/lodging"
)

// promiseTime is how long memory that was asked for is kept back. By then it is
// in use and shows in the kernel's figures, whatever the guest supervisor tells.
const promiseTime = time.Minute

// faultDevice lets who has it open serve page faults of memory, those that the kernel
// meets included: userfaultfd(2).
const faultDevice = "/dev/userfaultfd"

// maxGuestProcs bounds what a guest supervisor may claim; it is not trusted.
const maxGuestProcs = 4096

// guests are the sessions this node serves for others.
type guests struct {
	slots *slots
	twins *twins   // nil: files are not looked for
	root  *os.File // the empty directory they live in; set before there are any
	keeps *keeper
	// holdings are what processes have left behind; free tells how much memory could be lent.
	holdings holdings
	free     func() (uint64, error)
	// again answers whether one more process may come into a session.
	again func(*guest, supervisor.Open) supervisor.Opened

	mu        sync.Mutex
	bySession map[supervisor.Session]*guest
	hastes    map[int]*owner.Haste // by home

	gone func(*guest) // hears of ends; set before there are any
}

// guest is one guest supervisor. The fields after ended are guarded by guests.mu.
type guest struct {
	session supervisor.Session
	home    int             // the node whose process it is
	about   supervisor.Open // what its home has told of it, and no more
	uid     uint32
	room    *lodging.Room
	child   *child
	ended   chan struct{}
	told    chan struct{} // one place: it has told of its processes
	asking  chan struct{} // a place for each question that is being answered
	kept    string        // file with about

	connected bool      // a home supervisor has come
	promised  uint64    // memory asked for
	since     time.Time // when it was
	procs     []supervisor.Proc

	hurry func() // ends the hurry; nil: there is none. Of the goroutine that listens.
}

// carries gives the guest CPU time for as long as processes of it arrive or
// leave, and not for ever: it is not trusted.
func (r *guests) carries(g *guest, some bool) {
	switch {
	case some && g.hurry == nil:
		g.hurry = r.hasten(g)
	case !some && g.hurry != nil:
		g.hurry()
		g.hurry = nil
	}
}

// hasten gives the guest CPU time until over is called, or what its home may have of that is used.
func (r *guests) hasten(g *guest) (over func()) {
	r.mu.Lock()
	h := r.hastes[g.home]
	if h == nil {
		h = &owner.Haste{}
		r.hastes[g.home] = h
	}
	begun := time.Now()
	left := h.Left(begun)
	r.mu.Unlock()
	if left <= 0 {
		return func() {}
	}
	g.room.Hurry(true)
	end := sync.OnceFunc(func() {
		g.room.Hurry(false)
		now := time.Now()
		r.mu.Lock()
		defer r.mu.Unlock()
		h.Spend(now, now.Sub(begun))
	})
	late := time.AfterFunc(left, end)
	return func() {
		late.Stop()
		end()
	}
}

func newGuests(s *slots) *guests {
	return &guests{slots: s, bySession: make(map[supervisor.Session]*guest), hastes: make(map[int]*owner.Haste), keeps: newKeeper(noShelf{}), gone: func(*guest) {}}
}

// add makes a guest reachable and follows it to its end.
func (r *guests) add(g *guest) {
	r.mu.Lock()
	r.bySession[g.session] = g
	r.mu.Unlock()
	g.child.takes = func(e supervisor.Event, files []*os.File) bool { return r.keeps.take(g.child, g.home, e, files) }
	go func() {
		g.child.listen(func(e supervisor.Event) { r.heard(g, e) })
		r.carries(g, false)
		r.mu.Lock()
		delete(r.bySession, g.session)
		r.mu.Unlock()
		<-g.child.exited
		g.mourn()
		g.room.Close()
		r.slots.put(g.uid)
		_ = os.Remove(g.kept)
		close(g.ended)
		r.gone(g)
	}()
}

// heard acts on what a guest supervisor says. It has no rights, and what it says may be what
// somebody else wants it to.
func (r *guests) heard(g *guest, e supervisor.Event) {
	switch {
	case e.Kind == supervisor.Wanted && e.Twin != nil && r.twins != nil:
		r.twins.answer(g, e.ID, e.Twin)
	case r.holdings.heard(g, e, r.free):
	case e.Kind == supervisor.Another && e.Open != nil:
		select {
		case g.asking <- struct{}{}:
			go func() {
				r.answerAgain(g, e.ID, *e.Open)
				<-g.asking
			}()
		default:
			g.child.log.Warn("a guest supervisor asks for more at once than its home can send", "home", g.home)
		}
	case e.Kind == supervisor.Carries:
		r.carries(g, e.Done > 0)
	default:
		r.event(g, e)
	}
}

// maxAsking is for how many processes at once a guest supervisor can ask.
const maxAsking = 64

func (r *guests) answerAgain(g *guest, id uint64, o supervisor.Open) {
	opened := r.again(g, o)
	opened.ID = id
	if err := g.child.tell(supervisor.FromDaemon{Opened: &opened}); err != nil {
		g.child.log.Debug("cannot answer supervisor", "error", err)
	}
}

// promise keeps memory back for one more process of a session.
func (r *guests) promise(g *guest, memory uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var used uint64
	for _, p := range g.procs {
		used += p.RSS
	}
	if time.Since(g.since) < promiseTime {
		used = max(used, g.promised)
	}
	g.promised, g.since = used+memory, time.Now()
}

// name is that of its room.
func (g *guest) name() string { return hex.EncodeToString(g.session[:]) }

// mourn says in the log what the limits have done to the guest: at home it is
// only seen that somebody was killed.
func (g *guest) mourn() {
	for _, what := range g.room.Mishaps() {
		g.child.log.Warn("a guest has met a limit", "home", g.home, "process", g.about.PID, "what", what)
	}
}

// of lists the processes of one guest as it was last heard of.
func (r *guests) of(g *guest) []supervisor.Proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(g.procs)
	for i := range out {
		out[i].Node = g.home
	}
	return out
}

func (r *guests) event(g *guest, e supervisor.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Kind {
	case supervisor.State:
		g.procs = e.Procs[:min(len(e.Procs), maxGuestProcs)]
		select {
		case g.told <- struct{}{}:
		default:
		}
	case supervisor.Gone:
		g.procs = slices.DeleteFunc(g.procs, func(p supervisor.Proc) bool { return p.PID == e.PID })
	}
}

// errNoSession: it has ended, as a rule.
var errNoSession = errors.New("no such session here")

// hand gives a connection to the guest supervisor of a session. On success
// this process has closed its side of it.
func (r *guests) hand(s supervisor.Session, conn net.Conn) error {
	r.mu.Lock()
	g, ok := r.bySession[s]
	r.mu.Unlock()
	if !ok {
		return errNoSession
	}
	file, err := conn.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return fmt.Errorf("duplicate connection: %w", err)
	}
	defer file.Close()
	files := []*os.File{file, r.root}
	if device, err := os.Open(faultDevice); err == nil { // root may, a guest supervisor may not
		defer device.Close()
		files = append(files, device)
	}
	err = g.child.tell(supervisor.FromDaemon{Connection: true}, files...)
	if errors.Is(err, os.ErrClosed) { // it has just ended
		err = errNoSession
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	g.connected = true
	r.mu.Unlock()
	return conn.Close()
}

// refresh asks all guest supervisors of their processes. Those that do not
// answer before ctx ends stay as they were last heard of.
func (r *guests) refresh(ctx context.Context) {
	var group sync.WaitGroup
	for _, g := range r.list() {
		group.Go(func() {
			select {
			case <-g.told: // of an earlier question
			default:
			}
			if g.child.tell(supervisor.FromDaemon{Request: &supervisor.Request{Verb: supervisor.Describe}}) != nil {
				return
			}
			select {
			case <-g.told:
			case <-g.ended:
			case <-ctx.Done():
			}
		})
	}
	group.Wait()
}

// reached tells whether anybody has connected to the guest.
func (r *guests) reached(g *guest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return g.connected
}

// reserved is memory that was promised and is not used yet: it does not show
// in the kernel's figures but is not free either.
func (r *guests) reserved() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum uint64
	for _, g := range r.bySession {
		var used uint64
		for _, p := range g.procs {
			used += p.RSS
		}
		if used < g.promised && time.Since(g.since) < promiseTime {
			sum += g.promised - used
		}
	}
	return sum
}

// hold is how much memory the guests use, as their supervisors have told last, and of how many sessions they are.
func (r *guests) hold() (used uint64, sessions int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.bySession {
		for _, p := range g.procs {
			used += p.RSS
		}
	}
	return used, len(r.bySession)
}

func (r *guests) list() []*guest {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*guest
	for _, g := range r.bySession {
		out = append(out, g)
	}
	return out
}

// lent lists the processes of other nodes that run here.
func (r *guests) lent() []supervisor.Proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []supervisor.Proc
	for _, g := range r.bySession {
		for _, p := range g.procs {
			p.Node, p.Session = g.home, hex.EncodeToString(g.session[:4])
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b supervisor.Proc) int { return a.PID - b.PID })
	return out
}

// homesOf lists the nodes that have processes here.
func (r *guests) homesOf() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []int
	for _, g := range r.bySession {
		if !slices.Contains(out, g.home) {
			out = append(out, g.home)
		}
	}
	return out
}

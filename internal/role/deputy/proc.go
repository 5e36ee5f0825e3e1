package deputy

import (
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/pagesum"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/standing"
	"openmosix/internal/process/tracee"
)

// proc is one process of the family.
type proc struct {
	*tracee.Process
	s *Supervisor

	unheard map[int]unheard // by thread; tracing thread

	calls       atomic.Uint64
	sharesNames atomic.Bool                    // facts of names hold for it: process/naming
	sharesRoot  atomic.Bool                    // another process changes its working directory and root as well: CLONE_FS
	plain       atomic.Bool                    // files may be read ahead for it: readahead.go
	keepsBack   atomic.Bool                    // there is something in unsent
	told        atomic.Uint64                  // words that its guest was told; counted with mu held
	sharing     sharing                        // sharing.go
	stood       atomic.Pointer[wire.BehindMsg] // how far one of several threads has read: several.go
	carried     atomic.Uint64                  // bytes that came from guest sides in the move under way

	fetched atomic.Uint64 // bytes that its guests have fetched

	mu          sync.Mutex
	source      *source // of pages its guest has not got yet; nil: it has all
	coming      *coming // at home, and pages are missing; mu
	link        *link   // where its guest is; nil: at home
	moving      bool
	cancel      chan struct{}   // closed when the move under way is to be given up
	decided     bool            // ... for which it is too late
	still       *standing.Still // it stands still in that; nil: it runs
	phase       string          // how far it has got
	done, total uint64
	ended       bool
	moves       int
	files       []image.FileID
	actions     [65]image.Action // what the deputy's signal actions are now
	inboxes     map[*link]*inbox // what the guest sides say about the move under way
	tries       uint64           // moves begun, so that words about one are not taken for another's
	dealing     *link            // the guest side the process is being moved to
	lockable    uint64           // the most that it may have locked, since it left; bytes
	handing     *link            // ... onward, when it may run there, and that has not been said
	handed      bool             // it does: it has made a call
	sent        []sentSignal     // signals forwarded since the freeze was asked for
	count       uint64           // signals forwarded so far, and those in unsent
	unsent      []sentSignal     // signals that wait until there is room for them
	sending     bool             // somebody looks whether there is
	burnt       spent            // what its guests have used
	waited      spent            // ... and those of children it has waited for
	dead        map[int]spent    // ... and those of ended children it has not waited for
	parent      *proc            // who waits for it, when its deputy made it
	rss         uint64
	asleep      bool             // its first thread slept there, when that was told last
	heard       time.Time        // when the guest side last told of it, or it went there
	since       time.Time        // when it came where it is, while it is away
	callsSince  uint64           // ... and how many calls it had made home by then
	threadsUsed map[int]spent    // CPU time used away by its threads before this stay, nanoseconds
	exec        *execution       // an execve under way
	homing      bool             // it is on its way home for a call
	untraced    atomic.Bool      // ... that may have it traced by another process: there it is let go, even if the family is attended
	dying       bool             // a signal killed its guest
	kept        uint64           // signals that stay pending here while the guest blocks them
	stopped     bool             // in a job-control stop, and the guest has been told
	stopWords   uint64           // reports of such stops so far
	unborn      bool             // its guest half is not made yet: newborn.go
	words       []word           // what that half is to be told as soon as it is
	unmade      []wire.UnmadeMsg // children whose guest halves cannot be: unmade.go
	bodiless    bool             // it is one of these, and is going to end

	program     string // that it executes; attended families
	kind        string // ... and what for
	stay        processStays
	homeParent  int       // who made it at home; attended families
	entering    *entering // it is to leave where its program begins: entry.go
	burntBefore int64     // microseconds used away by the programs before this one; attended families
	callsBefore uint64    // ... and calls forwarded for them
	childMicros int64     // what its children used, that it was told of; attended families

	token []byte         // by which nodes know what they hold of it; mu
	holds *pagesum.Table // what the node it moves to holds; of the move's goroutine

	giving  sync.Mutex    // held while memory is given back; guards all of these
	emptied bool          // some was: all of it has to come home
	toGive  []image.Range // what is to be given back
	// giveWhole is what is to be given back when the last page has been fetched, and from when on.
	giveWhole []image.Range
	giveFrom  time.Time

	limits sync.Mutex // held while the deputy's own limits are read, set or put aside
	// scratches are what its deputies have mapped for calls under way; limits
	scratches []image.Range
	bounds    bounds // those that the guest's side goes by: bounds.go

	// served is what of its memory is served that it shares, and how often that had been opened when it was
	// looked whether all of it is; cover.go; mu
	served     map[joint.Key]uint64
	sharedAt   []image.Range // where that is, while it is away; mu
	waitsCover bool          // its move waits for cover.mu, and it runs; mu
	reaches    bool          // ... or may be reached by its descriptors: reached.go; mu

	soles  []*soleFile  // what it has of its own, while it is away; mu
	shown  []*shownFile // what it sees of others, while it is away; mu
	wanted bool         // it is on its way home because of these or those; mu
	left   bool         // it has ended there, and what it wrote to them is here; mu

	handles []*handle // the mapped files; the move's goroutine
	mapped  []*handle // files mapped while away; mu
}

// sentSignal is a signal on its way to the guest.
type sentSignal struct {
	own      int
	toThread bool
	info     ptrace.SigInfo
}

func (p *proc) describe() supervisor.Proc {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := supervisor.Proc{PID: p.PID, HomePID: p.Own, Moves: p.moves, CPUMicros: p.burnt.cpu, RSS: p.rss, Calls: p.calls.Load(), State: "running"}
	switch {
	case p.stopped:
		d.State = "stopped"
	case p.link != nil && p.asleep:
		d.State = "sleeping"
	}
	if p.link != nil {
		d.Node = p.link.node
		d.ThereMicros, d.ThereCalls = time.Since(p.since).Microseconds(), d.Calls-p.callsSince
	}
	switch {
	case p.moving:
		d.State = stateMoving
		d.Phase, d.Done, d.Total = p.phase, p.done, p.total
	case p.source != nil:
		d.Phase = fetchPhase
		d.Done, d.Total = p.source.progress()
	}
	if p.link != nil && !p.moving && (p.link.broken.Load() || p.silent()) {
		d.State = supervisor.StateBroken
	}
	return d
}

// stateMoving is the state of a process that is being moved.
const stateMoving = "moving"

// isMoving tells whether a move of it is under way.
func (p *proc) isMoving() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.moving
}

// away is the link to the guest, nil when the process is at home.
func (p *proc) away() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link
}

// begin marks a move, so that there is only one at a time.
func (p *proc) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moving || p.ended || p.bodiless || p.exec != nil || p.entering != nil {
		return false
	}
	p.moving = true
	p.cancel, p.decided = make(chan struct{}), false
	p.phase, p.done, p.total = "", 0, 0
	p.inboxes = map[*link]*inbox{}
	p.tries++
	p.sent = nil
	p.carried.Store(0)
	return true
}

// deal begins to talk with the side the process goes to.
func (p *proc) deal(l *link) {
	l.carriesNothing(p.Own)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dealing = l
	p.openInbox(l)
}

// openInbox makes the inbox for a side. Precondition: mu is held.
func (p *proc) openInbox(l *link) {
	p.inboxes[l] = newInbox()
	if p.ended { // before there was an inbox to say so in
		p.inboxes[l].offer(p.lastWord())
	}
}

// processStep marks the word that a process has ended by itself.
const processStep = "process"

// lastWord is what a move of the process is told when the process ends.
func (p *proc) lastWord() frame {
	return frame{kind: wire.Failed, id: p.Own, data: wire.Encode(wire.FailedMsg{Step: processStep, Text: "the process ended"})}
}

// hasEnded has a move under way hear of the process's end.
func (p *proc) hasEnded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for _, in := range p.inboxes {
		in.offer(p.lastWord())
	}
}

// serves tells whether l is where the process's guest is, or where it is going:
// what any other guest side says about it counts for nothing.
func (p *proc) serves(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.servesLocked(l)
}

func (p *proc) servesLocked(l *link) bool { return l != nil && (l == p.link || l == p.dealing) }

// makesCalls is serves for what a thread of the guest does. A process that is being handed to
// another side shows by it that it runs there: it cannot go back any more.
func (p *proc) makesCalls(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.servesLocked(l) {
		return false
	}
	p.handed = p.handed || l == p.handing
	return true
}

// once sets a flag of the process; false: it was set.
func (p *proc) once(flag *bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := *flag
	*flag = true
	return !was
}

// inboxFor is where words of l about a move of p go; nil: they are of no interest.
func (p *proc) inboxFor(l *link) *inbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.moving || l != p.link && l != p.dealing {
		return nil
	}
	if p.inboxes[l] == nil {
		p.openInbox(l)
	}
	return p.inboxes[l]
}

func (p *proc) end() {
	p.mu.Lock()
	p.moving = false
	p.dealing = nil
	for _, in := range p.inboxes {
		in.close()
	}
	p.inboxes = nil
	p.sent = nil
	p.mu.Unlock()
}

// deputy is the home half of a thread.
type deputy struct {
	p     *proc
	t     *tracee.Thread
	work  chan job
	quit  chan struct{} // closed when the thread is gone or ordinary again
	gives chan struct{} // capacity 1: there is memory to give back
	once  sync.Once

	using      sync.Mutex   // held by whoever uses the thread's slot
	readOn     func()       // has another goroutine read on: the link's reader uses the slot; using
	before     atomic.Int32 // what is left to its goroutine, and not done; its beginning is
	behinds    atomic.Int32 // what its guest has done by itself and is still to be done here
	givesFirst atomic.Bool  // memory back, before it makes its next call

	mu       sync.Mutex
	serial   uint64    // the call being executed, 0: none
	cancel   uint64    // a call that is to be interrupted
	over     uint64    // ... because the time of its socket is
	firm     bool      // the call must not be broken off: it makes a thread or a process
	ends     bool      // ... or it ends the process, and yields to a job-control stop alone
	stale    int       // execves made again because a signal was on its way; the goroutine's own
	sealed   bool      // all signals are blocked, for an execve that is to come again; the slot's user
	waits    uint64    // signals blocked between calls; the goroutine's own
	writes   writes    // the goroutine's own
	reads    sequence  // the goroutine's own
	peeks    peeks     // the goroutine's own
	foreseen foreseen  // the slot's user's own
	timed    timedWait // the slot's user's own
	from     *link     // by which the last call came; the slot's user's own
	bulky    bool      // ... and that waits for large memory or has it; the slot's user's own
	limited  bool      // the call under way is made with proc.limits held; the slot's user's own
	flood    flood     // the tracing thread's own
	last     placed    // where the segments of the last call lie, for restart_syscall
}

func (d *deputy) stop() { d.once.Do(func() { close(d.quit) }) }

// newborn is a thread or process that a deputy has made.
type newborn struct {
	t *tracee.Thread
}

// enrol makes the deputies of all threads known, before the guest can make its
// first call; they begin to work when run.
func (s *Supervisor) enrol(p *proc, img *image.Image) []*deputy {
	masks := map[int]uint64{}
	for i := range img.Threads {
		masks[img.Threads[i].TID] = img.Threads[i].Blocks
	}
	var ds []*deputy
	for _, t := range p.Threads() {
		ds = append(ds, s.newDeputy(p, t, masks[t.Own]&img.Kept))
	}
	return ds
}

func (s *Supervisor) newDeputy(p *proc, t *tracee.Thread, waits uint64) *deputy {
	d := &deputy{p: p, t: t, waits: waits, work: make(chan job, workSize), quit: make(chan struct{}), gives: make(chan struct{}, 1)}
	d.before.Store(1)
	s.mu.Lock()
	s.byOwn[t.Own] = d
	threads := len(s.byOwn)
	s.mu.Unlock()
	s.daemon.Holds(threads)
	s.fam.Loop.Do(func() {
		if t.SetData(d); !t.Alive() { // its end has been told already
			s.dropDeputy(d)
		}
	})
	return d
}

// dropDeputy ends the goroutine of a thread.
func (s *Supervisor) dropDeputy(d *deputy) {
	d.stop()
	s.mu.Lock()
	if s.byOwn[d.t.Own] == d {
		delete(s.byOwn, d.t.Own)
	}
	s.mu.Unlock()
}

func (s *Supervisor) deputyByOwn(own int) *deputy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byOwn[own]
}

func (s *Supervisor) procByPID(pid int) *proc {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.procs[pid]
}

func (s *Supervisor) procByOwn(own int) *proc {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.procs {
		if p.Own == own {
			return p
		}
	}
	return nil
}

// servedBy is the process own, if its guest is behind l.
func (s *Supervisor) servedBy(l *link, own int) *proc {
	if p := s.procByOwn(own); p != nil && p.serves(l) {
		return p
	}
	return nil
}

// workSize requests of one thread may wait: its call, its end, and what it has done
// by itself before them.
const workSize = 2 * creditFrames

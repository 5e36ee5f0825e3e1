// Package balancer moves processes by themselves: it watches those of this node
// and the guests here, asks model/balance once a second what should go where,
// and has it done. It also says where a program that has just been started
// under mosrun is to run.
//
//	census, accounts ─► histories ─┐
//	reports of nodes ──────────────┼─► balance.View ─► balance.Decide ─► moves
//	what was moved a moment ago ───┘
//
// It is not the policy (model/balance, pure), does not move (the daemon does,
// and checks again), and does not gather the reports.
//
// Ownership: what is tracked of processes belongs to the goroutine of Run. mu
// guards everything else, and nothing blocks under it; moves run in goroutines
// of their own. docs/design/0011-balancer.md has the reasons.
package balancer

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/balance"
	"openmosix/internal/model/gossip"
	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/census"
	"openmosix/internal/node/config"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
)

// Outcome of a move. Code is empty if it was made.
type Outcome struct {
	Code   supervisor.Code
	Text   string
	Reason string        // CannotMove: the code of the first reason
	Still  time.Duration // how long the process stood still
}

// Options are what a Balancer is told and what it may ask. The functions are
// called from several goroutines, never with a lock held.
type Options struct {
	Self     int
	Proc     procfs.FS
	Census   *census.Census
	Config   func() config.Balance
	Settings func() settings.Values
	Own      func() load.Report                          // of this node, now
	Reports  func() []gossip.Known                       // of the others, the freshest first
	Link     func(node int) balance.Link                 // what was measured of the way to one; what is zero was not
	Policy   func(pid int) (policy.Policy, error)        // what users have said of a process
	Marked   func() map[int]policy.Policy                // processes of which something was said
	Held     func(context.Context) []supervisor.Proc     // own ones that a supervisor looks after; Node is 0 at home
	Guests   func(context.Context) []supervisor.Proc     // of others, here
	IsGuest  func(uid int) bool                          // a user id of guests
	Serves   func() map[int]bool                         // the supervisors of this node, by pid
	Move     func(context.Context, balance.Move) Outcome // blocks until it is over
	AskAgain func(kinds []string)                        // takes back what Stays has said of kinds of programs; nil: of all
	Programs string                                      // file with what is known of programs
	Log      *slog.Logger
}

// Balancer of one node.
type Balancer struct {
	o    Options
	page uint64
	kick chan struct{} // one place: something has changed, decide again

	// Of the goroutine of Run.
	procs  map[who]*tracked
	walked time.Time
	rules  *eligibility
	// available is this node's memory at the end of the last interval, in bytes.
	available uint64
	alert     int            // for so many intervals memory is looked after
	group     sync.WaitGroup // of the moves

	mu        sync.Mutex
	self      selfFigures
	weight    float64 // of the threads here, as the last decision says
	ledger    ledger
	sent      []balance.Sent
	flying    map[target]balance.Move // moves under way
	left      map[target]time.Time    // moved or ended, and not looked at since: what was seen of them is over
	refusals  map[target]refusal
	verdicts  map[who]Verdict
	lacking   map[uint64]time.Time // fingerprints of CPUs that lack something, and since when it is known
	known     reports
	programs  *programs
	placed    map[int]placement // by pid
	placeCost time.Duration     // of a placement, smoothed
	era       era               // stays.go
	begun     time.Time
}

// who names a process of this machine for ever.
type who struct {
	pid   int
	start uint64
}

// New makes a balancer that has seen nothing yet.
func New(o Options) *Balancer {
	return &Balancer{
		o: o, page: pageSize, kick: make(chan struct{}, 1),
		procs: map[who]*tracked{}, flying: map[target]balance.Move{}, left: map[target]time.Time{}, refusals: map[target]refusal{},
		verdicts: map[who]Verdict{}, lacking: map[uint64]time.Time{}, placed: map[int]placement{},
		ledger: ledger{}, programs: openPrograms(o.Programs, o.Log), placeCost: firstPlaceCost, begun: time.Now(),
	}
}

const pageSize = 4096 // of every x86-64 kernel

// resting is how many intervals pass between two looks at a node on which
// nothing happens.
const resting = 5

// quietDemand is how many threads may want a CPU on such a node.
const quietDemand = 0.3

// Run balances until ctx ends, and waits for the moves it has begun.
func (b *Balancer) Run(ctx context.Context) {
	defer b.group.Wait()
	defer b.saveAtEnd()
	timer := time.NewTimer(b.interval())
	defer timer.Stop()
	idle := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.kick:
			b.decide(ctx)
			continue
		case <-timer.C:
		}
		timer.Reset(b.interval())
		if !b.o.Config().Enabled {
			b.rest()
			continue
		}
		if quiet := b.nothingHappens(ctx); quiet && idle < resting-1 {
			idle++
			continue
		}
		idle = 0
		if err := b.look(ctx); err != nil {
			b.o.Log.Warn("the processes of this node cannot be looked at", "error", err)
			continue
		}
		b.decide(ctx)
		b.savePrograms()
	}
}

// interval has jitter, so that the nodes of a cluster do not act in step.
func (b *Balancer) interval() time.Duration {
	d := time.Duration(b.o.Config().IntervalMS) * time.Millisecond
	return d*9/10 + rand.N(d/5+1)
}

// again has it decided anew without waiting for the next look.
func (b *Balancer) again() {
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// shrinks is the share of the memory that has to be gone since the last interval
// for memory to be what happens: at that rate it would last for a minute or two.
const shrinks = 1.0 / 128

// nothingHappens tells whether there is nothing to be balanced: nobody works,
// nobody takes memory, nobody is away, no guest is here. One that only grows
// wants hardly a CPU, and may have no memory left after five intervals.
func (b *Balancer) nothingHappens(ctx context.Context) bool {
	own := b.o.Own()
	before := b.available
	b.available = own.MemAvailable
	if float64(before)-float64(own.MemAvailable) > shrinks*float64(own.MemTotal) {
		b.alert = resting // growth is known at the second look only, and comes in steps
	} else if b.alert > 0 {
		b.alert--
	}
	return own.Demand < quietDemand && b.alert == 0 && len(b.o.Held(ctx)) == 0 && len(b.o.Guests(ctx)) == 0
}

// rest forgets what becomes wrong while nobody looks.
func (b *Balancer) rest() {
	clear(b.procs)
	b.walked = time.Time{}
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.verdicts)
}

// since is the clock of ledgers and views.
func (b *Balancer) since(t time.Time) time.Duration { return t.Sub(b.begun) }

func (b *Balancer) now() time.Duration { return b.since(time.Now()) }

package balancer

import (
	"cmp"
	"context"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/balance"
	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
)

const (
	tick = 10 * time.Millisecond // of the kernel's clock for programs, on every x86-64
	// busyLeast is from what share of a CPU on a process is looked at closely.
	busyLeast = 0.02
	// largeLeast is from what memory on.
	largeLeast = 32 << 20
	// identifyEvery is how long what a process is stays known.
	identifyEvery = 30 * time.Second
)

// tracked is what is known of one process between two looks.
type tracked struct {
	who
	stat    *procfs.Stat
	id      identity
	looked  time.Time // when id was
	known   bool      // id is
	history balance.History
	at      time.Time // of the last sample

	cpu       time.Duration // used until then
	waited    time.Duration
	transfers procfs.Transfers
	calls     uint64 // forwarded
	close     bool   // waited and transfers are of this kernel

	began     time.Time     // with its program: its start, or its last exec as far as it is seen
	elsewhere time.Duration // CPU time used on other nodes, as far as this one knows
	lived     time.Duration // CPU time used anywhere: it is as old wherever it moves
	livedAtIt time.Duration
	resident  uint64
	held      *supervisor.Proc
	guest     *supervisor.Proc
	node      int // where it was last, 0: nothing is known
	moves     int
	lastMove  time.Time
	policy    policy.Policy
	left      string
	candidate bool
}

// away tells on which other node a process of this one is; 0: on none.
func (t *tracked) away() int {
	if t.held != nil {
		return t.held.Node
	}
	return 0
}

// look takes a sample of all processes.
func (b *Balancer) look(ctx context.Context) error {
	config := b.o.Config()
	if !b.rules.of(config) {
		b.rules = newEligibility(config)
		for _, t := range b.procs {
			t.known = false
		}
	}
	stats, at, err := b.o.Census.Look(time.Duration(config.IntervalMS) * time.Millisecond / 2)
	if err != nil {
		return err
	}
	if !at.After(b.walked) {
		return nil // what is there has been taken in
	}
	ticks, err := b.o.Proc.Now()
	if err != nil {
		return err
	}
	held, guests := byPID(b.o.Held(ctx)), byPID(b.o.Guests(ctx))
	marked := b.o.Marked()
	before := b.walked
	seen := make(map[who]*tracked, len(stats))
	known := make(map[int]*tracked, len(b.procs))
	for _, t := range b.procs {
		known[t.pid] = t
	}
	for _, stat := range stats {
		id := who{stat.Pid, stat.StartTime}
		t := b.procs[id]
		if t == nil {
			age := time.Duration(ticks-min(ticks, stat.StartTime)) * tick
			t = &tracked{who: id, began: at.Add(-age)}
			if !before.IsZero() && t.began.After(before) {
				t.at = t.began // all that it has used is news
				if parent := known[stat.PPid]; parent != nil {
					b.inherit(t, stat, parent, len(marked) > 0)
				}
			}
		}
		t.held, t.guest = held[stat.Pid], guests[stat.Pid]
		b.sample(t, stat, at, marked)
		seen[id] = t
	}
	old := b.procs
	b.procs, b.walked = seen, at
	report, serves := b.o.Own(), b.o.Serves()
	if b.takeLook(at, report, serves, seen, old, before.IsZero()) {
		b.o.AskAgain(nil)
	}
	return nil
}

// takeLook counts what was seen, at a moment; first: of most it is not known what they want. left: what
// was said of programs that stay is to be taken back.
func (b *Balancer) takeLook(at time.Time, report load.Report, serves map[int]bool, seen, old map[who]*tracked, first bool) (left bool) {
	demand := 0.0
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, t := range old { // the node where it was does not know at once that it has ended
		if _, placed := b.placed[id.pid]; seen[id] == nil && !placed && t.away() != 0 {
			b.ledger.add(t.away(), b.since(at), -t.history.Wants)
		}
	}
	for id, t := range seen {
		switch {
		case b.leaving(t): // counted where it goes since that was decided
		case t.away() != 0:
			b.shows(id.pid, t.history.Wants, at)
		case serves[id.pid]:
			// For how long it waits is no matter: it has little to do, and is asked
			// when others wait. What it does is in the price of being away.
			demand += t.history.CPU
		case id.pid != b.ownPID():
			demand += b.demandOf(id.pid, t.history.Wants, at)
		}
	}
	for key, when := range b.left {
		if when.Before(at) {
			delete(b.left, key)
		}
	}
	b.self = selfFigures{report, demand, b.since(at)}
	if first {
		b.self.demand = report.Demand
	}
	b.tidy(seen)
	return b.leftEra()
}

func byPID(procs []supervisor.Proc) map[int]*supervisor.Proc {
	out := make(map[int]*supervisor.Proc, len(procs))
	for i := range procs {
		out[procs[i].PID] = &procs[i]
	}
	return out
}

// leaving tells whether a process is on its way from here. Precondition: b.mu is held.
func (b *Balancer) leaving(t *tracked) bool {
	key := target{b.o.Self, t.pid, 0}
	if t.guest != nil {
		key = target{t.guest.Node, t.guest.HomePID, 0}
	}
	m, moving := b.flying[key]
	return moving && m.From == b.o.Self
}

// sample takes in what one process has done since it was looked at last.
func (b *Balancer) sample(t *tracked, stat *procfs.Stat, at time.Time, marked map[int]policy.Policy) {
	b.follow(t, stat, at)
	cpu := time.Duration(stat.UTime+stat.STime) * tick
	t.resident = stat.RSS * b.page
	t.outlives(cpu)
	if t.away() != 0 { // what is at home of it is a shell
		cpu, t.resident = t.elsewhere, t.held.RSS
	}
	if t.guest != nil { // counts of small memories are rough
		t.resident = max(t.resident, t.guest.RSS)
	}
	passed := at.Sub(t.at)
	used := max(cpu-t.cpu, 0)
	if t.at.IsZero() {
		used, passed = 0, 0
	}
	// One that gets hardly any time because many want it is busy as well.
	busy := passed > 0 && (used.Seconds() >= busyLeast*passed.Seconds() || stat.State == 'R') || t.history.Wants >= busyLeast
	s := balance.Sample{CPU: used, Resident: t.resident}
	large := t.resident >= largeLeast
	if (busy || large || t.stat == nil) && t.away() == 0 {
		b.lookClosely(t, &s, passed, int(stat.NumThreads))
	}
	if t.away() != 0 || t.guest != nil {
		t.forwarded(&s)
	}
	t.cpu, t.at, t.stat = cpu, at, stat
	if passed > 0 {
		t.history = t.history.Next(s, passed, decay(t.policy, b.o.Settings()))
	}
	t.candidate = busy || large || t.away() != 0 || t.guest != nil
	if t.candidate {
		b.judge(t, at, marked)
	}
}

// outlives takes in how long it has lived, its time on this node's kernel being cpu.
func (t *tracked) outlives(cpu time.Duration) {
	switch {
	case t.guest != nil:
		t.elsewhere = time.Duration(t.guest.BeforeMicros) * time.Microsecond
	case t.held != nil: // it is known for longer than it is held
		t.elsewhere = max(t.elsewhere, time.Duration(t.held.CPUMicros)*time.Microsecond)
	}
	t.lived = cpu + t.elsewhere
}

// inherit lets a new process begin with its parent's statistics, unless it has
// executed another program since, or its user does not want that. said: anything
// was said of any process.
func (b *Balancer) inherit(t *tracked, stat *procfs.Stat, parent *tracked, said bool) {
	if parent.stat == nil {
		return
	}
	if said {
		if p, err := b.o.Policy(t.pid); err == nil {
			t.policy = p
		}
	}
	other := parent.stat.Comm != stat.Comm
	if t.policy.OverFork == policy.Clear || other && t.policy.OverExec != policy.Retain {
		return
	}
	t.history = parent.history.Inherited()
}

// follow notes when a process has become another program or is somewhere else.
func (b *Balancer) follow(t *tracked, stat *procfs.Stat, at time.Time) {
	here := b.o.Self
	node := cmp.Or(t.away(), here)
	if t.stat != nil && t.stat.Comm != stat.Comm {
		t.known = false
		if t.policy.OverExec != policy.Retain { // another program is another job
			t.began, t.livedAtIt, t.history = at, t.lived, balance.History{}
		}
	}
	switch {
	case t.guest != nil && t.moves == 0: // it has just come
		t.lastMove, t.moves = at, max(t.guest.Moves, 1)
	case t.node != 0 && t.node != node:
		t.lastMove = at
		t.moves++
		// The two kernels do not count as one.
		t.close, t.cpu, t.at = false, 0, time.Time{}
	}
	if t.held != nil {
		t.moves = max(t.moves, t.held.Moves)
		if t.moves > 0 && t.lastMove.IsZero() {
			t.lastMove = at
		}
	}
	t.node = node
}

// lookClosely reads what is too dear to be read of all at each look. What was
// waited since the last close look is taken for waited since the last look: one
// that was idle in between did not wait.
func (b *Balancer) lookClosely(t *tracked, s *balance.Sample, passed time.Duration, threads int) {
	turns, err := b.o.Proc.Turns(t.pid)
	if err != nil {
		return // it is ending
	}
	transfers, err := b.o.Proc.Transfers(t.pid)
	if err != nil {
		transfers = t.transfers
	}
	if passed > 0 && (t.close || t.stat == nil) { // a new one has waited since its start only
		s.Waited = max(min(turns.Waited-t.waited, passed*time.Duration(max(threads, 1))-s.CPU), 0)
		s.Calls = float64(transfers.Calls - min(transfers.Calls, t.transfers.Calls))
		s.CallBytes = float64(transfers.Bytes - min(transfers.Bytes, t.transfers.Bytes))
	}
	t.waited, t.transfers, t.close = turns.Waited, transfers, true
}

// forwarded are the calls that have really gone home.
func (t *tracked) forwarded(s *balance.Sample) {
	p := t.held
	if p == nil {
		p = t.guest
	}
	if !t.at.IsZero() && p.Calls >= t.calls {
		s.Calls, s.CallBytes = float64(p.Calls-t.calls), 0
	}
	t.calls = p.Calls
}

// judge finds out whether a process is balanced at all.
func (b *Balancer) judge(t *tracked, at time.Time, marked map[int]policy.Policy) {
	if t.guest != nil { // home decides that
		t.left, t.policy = "", policy.Policy{}
		return
	}
	if !t.known || at.Sub(t.looked) > identifyEvery {
		id, err := b.identify(t.stat)
		if err != nil {
			t.left = "it is ending"
			return
		}
		t.id, t.known, t.looked = id, true, at
	}
	_, mosrun := marked[t.pid]
	if t.left = b.rules.leaves(t.id, mosrun); t.left != "" {
		return
	}
	if p, err := b.o.Policy(t.pid); err == nil {
		t.policy = p
	}
}

// decay of the statistics of a process: what its user says, or the node's fast
// one: who begins to compute is to be seen doing so in seconds.
func decay(p policy.Policy, node settings.Values) balance.Decay {
	d := balance.Decay{Period: time.Duration(cmp.Or(p.Period, node.Period)) * time.Second, Keep: node.Fast}
	switch {
	case p.Keep != 0:
		d.Keep = p.Keep
	case p.Decay == policy.NoDecay:
		d.Keep = 1000
	case p.Decay == policy.SlowDecay:
		d.Keep = node.Slow
	}
	return d
}

// proc is a process as the policy sees it.
func (t *tracked) proc(b *Balancer, at time.Time) balance.Proc {
	h := t.history
	p := balance.Proc{
		PID: t.pid, Home: b.o.Self, Where: cmp.Or(t.away(), b.o.Self), Owner: uint32(max(t.id.uid, 0)), Command: t.stat.Comm,
		Age: at.Sub(t.began), CPUTime: max(t.lived-t.livedAtIt, 0), CPU: h.CPU, Wants: h.Wants,
		Resident: t.resident, Growth: h.Growth, Calls: h.Calls, CallBytes: h.CallBytes,
		Kind: balance.Kind(t.policy.Kind), Locked: t.policy.Lock, Allowed: t.policy.MayGo, Cannot: t.id.never,
		Moves: t.moves, LastMove: at.Sub(t.lastMove),
	}
	if t.away() != 0 {
		p.Wants = 0 // for how long it waits for a CPU there is not told: the policy infers it
	}
	if t.guest != nil {
		p.PID, p.Home, p.Where, p.Allowed, p.Cannot = t.guest.HomePID, t.guest.Node, b.o.Self, nil, ""
		p.Age = max(p.Age, p.CPUTime) // since when it is there its home does not tell
	}
	return p
}

package balancer

import (
	"slices"
	"time"

	"openmosix/internal/model/balance"
)

const (
	// firstPlaceCost is what it costs to start a program elsewhere, until it has
	// been measured.
	firstPlaceCost = 25 * time.Millisecond
	// leastPlaceCost however well it went.
	leastPlaceCost = 2 * time.Millisecond
	// shortest time of a run from which its share of a CPU can be seen.
	shortestSeen = 50 * time.Millisecond
	// computes is the share of a CPU from which on a program that ran beside others is believed to
	// want one. How many there were is known of its beginning and end only, and what took turns
	// with them without being one of them is not: it is rather more than less.
	computes = 0.5
	// mostWants bounds how many CPUs a program is believed to use.
	mostWants = 64
)

// placement is a program that was placed, here or elsewhere, and still runs.
type placement struct {
	program string
	kind    string
	node    int
	wants   float64
	crowd   float64 // busy threads for each CPU of that node, itself among them, when it came
	at      time.Time
	counted bool // it is here, and in selfFigures
}

// provisional is how long what a program that was placed here wants is taken from
// its earlier runs: what it does itself is not known before. One that has done next
// to nothing for idlesFrom is known to wait for something else than a CPU.
const (
	provisional = 3 * time.Second
	idlesFrom   = time.Second
	idles       = 0.1
)

// placedWants is what programs want that were placed, by the node they were placed on; of
// this one, those that are not counted in selfFigures. Precondition: b.mu is held.
func (b *Balancer) placedWants() map[int]float64 {
	wants := make(map[int]float64)
	for _, p := range b.placed {
		if !p.counted {
			wants[p.node] += p.wants
		}
	}
	return wants
}

// demandOf is what a process that is here adds to selfFigures. Precondition: b.mu
// is held.
func (b *Balancer) demandOf(pid int, wants float64, at time.Time) float64 {
	p, placed := b.placed[pid]
	if age := at.Sub(p.at); placed && !p.counted && age < provisional && (p.node != b.o.Self || age < idlesFrom || wants >= idles) {
		return 0 // placedWants, also while it is on its way elsewhere
	}
	if placed && p.node == b.o.Self {
		p.wants, p.counted = wants, true
		b.placed[pid] = p
	}
	return wants
}

// shows takes in what a program that was placed elsewhere wants by what it does
// there. Precondition: b.mu is held.
func (b *Balancer) shows(pid int, wants float64, at time.Time) {
	p, placed := b.placed[pid]
	if !placed || p.node == b.o.Self || at.Sub(p.at) < provisional {
		return
	}
	b.ledger.add(p.node, b.since(at), wants-p.wants)
	p.wants = wants
	b.placed[pid] = p
}

// shift counts a process at another node than before. Precondition: b.mu is held.
func (b *Balancer) shift(home, pid, from, to int, wants float64, now time.Duration) {
	p, placed := b.placed[pid]
	if !placed || home != b.o.Self || p.node != from {
		b.ledger.add(from, now, -wants)
		b.ledger.add(to, now, wants)
		return
	}
	if from != b.o.Self || p.counted {
		b.ledger.add(from, now, -p.wants)
	}
	p.node, p.wants, p.counted = to, wants, false
	b.settle(pid, p, now)
}

// Place says on which node a program, of a kind (model/program), that a process of this node
// has just executed is to run; this node's number: here. It counts at once, so that many
// programs started in one moment spread. Several may ask at the same time. What is locked
// (balance.Locked) stays where it was, here or elsewhere, and is not counted.
//
// What follows is told with Began, Stayed and Finished.
func (b *Balancer) Place(pid int, program, kind string) (int, balance.Explanation) {
	b.refresh()
	config := b.o.Config()
	at := time.Now()
	p, stays := b.started(pid)
	to, why := b.o.Self, balance.Explanation{PID: pid, Home: b.o.Self, Where: b.o.Self, Rule: stays}
	if stays == balance.Locked {
		return to, why
	}
	b.knowSelf()
	b.mu.Lock()
	b.over(pid) // the program it was before
	b.foresee(&p, program, kind)
	now := b.since(at)
	view := b.view(now, nil)
	view.Rules = b.ruled()
	left := b.keepEra(view, at)
	if stays == "" && config.Enabled && config.Place && b.self.report.MemTotal > 0 {
		to, why = balance.Place(view, p)
	}
	b.settle(pid, placement{program: program, kind: kind, node: to, wants: p.Wants, at: at}, now)
	b.mu.Unlock()
	if left {
		b.o.AskAgain(nil)
	}
	return to, why
}

// ruled are the rules for programs that begin. Precondition: b.mu is held.
func (b *Balancer) ruled() balance.Rules {
	return balance.Rules{Weights: true, Freeze: b.placeCost}
}

// unseen is what is expected of a program that was never seen.
func (b *Balancer) unseen(program string) Program {
	return usual(program, time.Duration(b.o.Config().UnknownMS)*time.Millisecond)
}

// foresee says of a program that begins what its earlier runs have shown, those of
// its kind or, if there was none, in part those of any. Precondition: b.mu is held.
func (b *Balancer) foresee(p *balance.Proc, program, kind string) {
	known, ok := b.programs.of(kind)
	if !ok {
		known = b.unseen(program)
		if others, ok := b.programs.of(program); ok {
			known.CPU = (known.CPU + others.CPU) / 2
			known.Calls = max(others.Calls, known.Calls)
		}
	}
	// A run of no time at all is one of less than can be measured.
	p.Expected = max(time.Duration(known.CPU*float64(time.Second)), time.Millisecond)
	p.Wants = known.Wants
	if p.Wants == 0 { // its runs were too short to tell
		p.Wants = b.unseen(program).Wants
	}
	p.Calls = known.Calls / p.Expected.Seconds()
}

// expect has a process judged by the runs of its program, where there were many.
// Precondition: b.mu is held.
func (b *Balancer) expect(p *balance.Proc) {
	placed, ok := b.placed[p.PID]
	if !ok || p.Home != b.o.Self {
		return
	}
	if known, ok := b.programs.of(placed.kind); ok && known.Runs >= manyRuns {
		p.Expected = known.left(p.CPUTime)
	}
}

// busyFrom is from which share of a CPU on a program counts as one of those that
// compete for it.
const busyFrom = 0.2

// crowd is how many busy threads there are for each CPU of a node. Those placed are
// counted, and not what they are thought to want: that was learned with the same
// crowd, and whatever it is would prove itself right. Precondition: b.mu is held.
func (b *Balancer) crowd(node int) float64 {
	busy := 0.0
	if node == b.o.Self {
		busy = b.self.demand
	}
	for _, p := range b.placed {
		if p.node == node && !p.counted && p.wants >= busyFrom {
			busy += max(1, p.wants)
		}
	}
	report, _ := b.report(node)
	return max(busy/float64(max(report.CPUs, 1)), 1)
}

// started looks at a process that has just executed a program, and tells why it
// begins here whatever the policy says.
func (b *Balancer) started(pid int) (balance.Proc, balance.Rule) {
	p := balance.Proc{PID: pid, Home: b.o.Self, Where: b.o.Self, Fresh: true}
	said, err := b.o.Policy(pid)
	if err != nil {
		return p, balance.Cannot
	}
	p.Locked, p.Allowed, p.Kind = said.Lock, said.MayGo, balance.Kind(said.Kind)
	if said.Lock {
		return p, balance.Locked
	}
	if class32(b.o.Proc.Path(pid, "exe")) {
		return p, balance.Cannot
	}
	return p, ""
}

// settle counts a program where it begins or has come to, and notes how many
// compete for a CPU there. Precondition: b.mu is held.
func (b *Balancer) settle(pid int, p placement, now time.Duration) {
	b.placed[pid] = p // it is one of them
	if p.node != b.o.Self {
		b.ledger.add(p.node, now, p.wants)
	}
	p.crowd = b.crowd(p.node)
	b.placed[pid] = p
}

// over: the program that was placed for a process runs no longer.
// Precondition: b.mu is held.
func (b *Balancer) over(pid int) {
	p, ok := b.placed[pid]
	if ok && (p.node != b.o.Self || p.counted) {
		b.ledger.add(p.node, b.now(), -p.wants)
	}
	delete(b.placed, pid)
}

// Began tells that a program runs where it was placed: what that costs is from
// the question to here.
func (b *Balancer) Began(pid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.placed[pid]
	if !ok {
		return
	}
	took := time.Since(p.at)
	b.placeCost = max(b.placeCost+(took-b.placeCost)/8, leastPlaceCost)
}

// Stayed tells that a program begins here, wherever it was placed.
func (b *Balancer) Stayed(pid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.placed[pid]
	if !ok || p.node == b.o.Self {
		return
	}
	now := b.now()
	b.ledger.add(p.node, now, -p.wants)
	p.node = b.o.Self
	b.settle(pid, p, now)
}

// Finished tells what a program that ended so long ago has used from its execve to its end, and
// how many calls were forwarded for it; nil: it was never away.
func (b *Balancer) Finished(pid int, program string, cpu time.Duration, calls *uint64, ago time.Duration) {
	if kind, longer := b.takeRun(pid, program, cpu, calls, time.Now().Add(-ago)); longer {
		b.o.AskAgain([]string{kind})
	}
}

// takeRun does Finished; longer: programs of that kind are to be asked about again.
func (b *Balancer) takeRun(pid int, program string, cpu time.Duration, calls *uint64, now time.Time) (kind string, longer bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wants := 0.0
	kind = program
	if p, ok := b.placed[pid]; ok && p.program == program {
		if ran := now.Sub(p.at); ran >= shortestSeen {
			share := cpu.Seconds() / ran.Seconds()
			crowd := (p.crowd + b.crowd(p.node)) / 2
			if wants = min(share*crowd, max(share, 1), mostWants); crowd > 1 && wants >= computes {
				wants = max(wants, 1)
			}
		}
		kind = p.kind
		b.over(pid)
	}
	unseen := b.unseen(program)
	for _, name := range slices.Compact([]string{program, kind}) {
		b.programs.ran(name, cpu, unseen, wants, now)
		if calls != nil {
			b.programs.called(name, float64(*calls))
		}
	}
	return kind, b.longer(kind)
}

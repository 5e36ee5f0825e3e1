package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// run is one simulation of a scenario under one policy.
type run struct {
	s       *Scenario
	policy  policy
	info    information
	queue   queue
	now     float64
	nodes   []*node
	fastest float64 // speed of the fastest node
	uniform bool    // all have that speed
	jobs    []*job
	open    int // jobs that have come and not ended
	coming  int // streams that go on
	// What comes, and what is decided, are drawn from two sources: every policy
	// gets the same jobs.
	drawn   *rand.Rand
	chance  *rand.Rand
	next    int // of round-robin arrivals
	streams []int
	tally   tally
}

// newRun prepares run number n.
func newRun(s *Scenario, policyName string, n int) *run {
	r := &run{s: s, drawn: rand.New(rand.NewPCG(s.Seed, uint64(n))), chance: rand.New(rand.NewPCG(s.Seed^0x9e3779b97f4a7c15, uint64(n)))}
	for _, g := range s.Groups {
		for range g.Count {
			r.nodes = append(r.nodes, &node{index: len(r.nodes), cpus: float64(g.CPUs), speed: float64(g.Speed) / 10000,
				memory: g.Memory, ownerFirst: g.OwnerFirst, thrash: s.Thrash})
		}
	}
	for _, n := range r.nodes {
		r.fastest = max(r.fastest, n.speed)
	}
	r.uniform = !slices.ContainsFunc(r.nodes, func(n *node) bool { return n.speed != r.fastest })
	r.info = newInformation(r)
	r.policy = policies[policyName](r)
	for i, j := range s.Jobs {
		r.streams = append(r.streams, 0)
		r.coming++
		r.queue.put(event{at: j.Arrive.Start.Seconds() + r.pause(j.Arrive), what: arrival, stream: i})
	}
	for _, e := range s.Events {
		r.queue.put(event{at: e.At.Seconds(), what: change, node: r.nodes[e.Node-1], change: e.What, value: e.Value})
	}
	for _, n := range r.nodes {
		r.queue.put(event{at: r.chance.Float64() * s.Interval.Seconds(), what: tick, node: n})
	}
	return r
}

// pause until the next arrival.
func (r *run) pause(a Arrivals) float64 {
	switch a.Kind {
	case "poisson":
		return a.Mean.Seconds() * r.drawn.ExpFloat64()
	case "every":
		return a.Mean.Seconds()
	}
	return 0
}

// all computes the run to its end, or until nobody waits for it any more.
func (r *run) all(ctx context.Context) tally {
	limit := r.s.Limit.Seconds()
	for n := 0; r.queue.Len() > 0 && (r.open > 0 || r.coming > 0); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			break
		}
		e := r.queue.take()
		if e.at > limit {
			r.now = limit
			break
		}
		r.now = e.at
		r.happen(e)
	}
	for _, n := range r.nodes {
		n.advance(r.now)
	}
	r.tally.close(r)
	return r.tally
}

func (r *run) happen(e event) {
	switch e.what {
	case arrival:
		r.arrive(e)
	case completion:
		if e.version == e.node.version && len(e.node.jobs) > 0 {
			e.node.advance(r.now)
			r.end(e.node.jobs[0])
		}
	case tick:
		r.tick(e.node)
	case sentAll:
		r.freeze(e.job)
	case thawed:
		r.thaw(e.job)
	case change:
		r.change(e)
	}
}

// arrive makes a job of a stream, and the next one's time.
func (r *run) arrive(e event) {
	stream := &r.s.Jobs[e.stream]
	j := &job{
		id: len(r.jobs) + 1, arrived: r.now, kind: kinds[stream.Kind],
		work: max(stream.Life.draw(r.drawn), 1e-6), wants: max(stream.Wants.draw(r.drawn), 1e-3), memory: stream.Memory.draw(r.drawn),
		calls: stream.Calls.draw(r.drawn), bytes: stream.CallBytes.draw(r.drawn), growth: stream.Growth.draw(r.drawn), grownTo: stream.GrownTo.draw(r.drawn),
	}
	j.home = r.homeOf(stream)
	r.jobs = append(r.jobs, j)
	r.streams[e.stream]++
	pause := r.pause(stream.Arrive)
	if (stream.Arrive.Count == 0 || r.streams[e.stream] < stream.Arrive.Count) && r.now+pause <= r.s.Duration.Seconds() {
		r.queue.put(event{at: r.now + pause, what: arrival, stream: e.stream})
	} else {
		r.coming--
	}
	if r.nodes[j.home].dead {
		return // nobody can start anything there
	}
	r.open++
	r.tally.started++
	at := r.policy.place(j)
	if r.policy.anywhere() {
		j.home = at.index
	} else if at.index != j.home {
		r.tally.placed++
	}
	at.advance(r.now)
	at.used += j.memory
	at.enter(j, r.tax(j, at))
	r.schedule(at)
}

func (r *run) homeOf(stream *Jobs) int {
	switch n, ok := number(stream.At); {
	case ok:
		return n - 1
	case stream.At == "round-robin":
		r.next++
		return (r.next - 1) % len(r.nodes)
	}
	return r.drawn.IntN(len(r.nodes))
}

// tax is what a job loses by its calls going home, for each second of its work.
func (r *run) tax(j *job, at *node) float64 {
	if at.index == j.home {
		return 0
	}
	return j.calls*r.s.Link.Latency.Seconds() + j.bytes/r.s.Link.Bandwidth
}

// schedule puts a node's next completion into the queue; what was there counts
// no more. It must be called after anything of the node has changed.
func (r *run) schedule(n *node) {
	n.version++
	if len(n.jobs) == 0 {
		return
	}
	rate := n.rate()
	if rate <= 0 {
		return
	}
	at := r.now + max(n.jobs[0].finish-n.service, 0)/rate
	if !math.IsInf(at, 0) {
		r.queue.put(event{at: at, what: completion, node: n, version: n.version})
	}
}

// end of a job's work.
func (r *run) end(j *job) {
	n := j.at
	n.leave(j)
	n.used = max(n.used-j.memory, 0)
	j.ended = r.now
	r.open--
	r.tally.ended(r, j)
	if j.moving {
		r.abandon(j)
	}
	r.schedule(n)
}

// tick is a node's turn: it tells of itself, and decides.
func (r *run) tick(n *node) {
	if n.dead {
		return
	}
	if n.growing > 0 {
		n.advance(r.now)
		n.grow(r.s.Interval.Seconds())
		r.schedule(n)
	}
	r.info.tell(n)
	r.tally.look(r, n)
	for _, m := range r.policy.decide(n) {
		r.move(m.job, m.to)
	}
	r.queue.put(event{at: r.now + r.s.Interval.Seconds(), what: tick, node: n})
}

package sim

// tally is what is counted in a run.
type tally struct {
	started, finished, lost, unfinished int
	slowdown                            float64 // sum over jobs
	slowdowns                           []float64
	response                            float64 // sum of times from start to end
	makespan                            float64
	moves, placed, wasted, refused      int
	bytes                               float64 // moved
	busy, able                          float64 // CPU seconds
	thrashing                           float64 // node seconds
	told                                float64 // bytes of information
	elapsed                             float64
	spread                              float64   // seconds until no node had more threads than CPUs
	ages                                []float64 // of information, in seconds
	waiting                             []float32 // threads without a CPU of their own, at each interval
}

// watched is how many intervals it is kept how many threads wait.
const watched = 600

// ended counts a job that has ended. Its slowdown is the time it was there over
// the time it would have taken alone on the fastest node.
func (t *tally) ended(r *run, j *job) {
	t.finished++
	took := j.ended - j.arrived
	alone := j.work / j.wants / r.fastest
	t.slowdowns = append(t.slowdowns, took/alone)
	t.slowdown += took / alone
	t.response += took
	t.makespan = max(t.makespan, j.ended)
}

func (t *tally) close(r *run) {
	t.unfinished = r.open
	t.elapsed = r.now
	t.told = r.info.cost()
	for _, n := range r.nodes {
		t.busy += n.busy
		t.able += n.cpus * r.now
		t.thrashing += n.thrashing
	}
}

// Of the age of information a few nodes and so many entries are enough.
const (
	sampledNodes = 16
	sampledAges  = 100_000
)

// look is called on each node's turn.
func (t *tally) look(r *run, n *node) {
	if n.index == 0 {
		waiting := r.waiting()
		if t.spread == 0 && t.started > 0 && waiting == 0 {
			t.spread = r.now - r.jobs[0].arrived
		}
		if len(t.waiting) < watched {
			t.waiting = append(t.waiting, float32(waiting))
		}
	}
	if r.s.Information.Kind == Now || n.index%(len(r.nodes)/sampledNodes+1) != 0 || len(t.ages) >= sampledAges {
		return
	}
	r.info.known(n, func(e entry) { t.ages = append(t.ages, r.now-e.at) })
}

// waiting is how many threads have no CPU of their own.
func (r *run) waiting() float64 {
	sum := 0.0
	for _, n := range r.nodes {
		if n.demand > n.cpus*(1+1e-9) {
			sum += n.demand - n.cpus
		}
	}
	return sum
}

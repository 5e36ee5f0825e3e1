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
	ages                                []float64 // of information, in seconds
}

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

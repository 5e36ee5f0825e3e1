package sim

import "slices"

// mosix is what is published of Mosix's own policy: a job starts where it comes.
// Once in an interval a node compares its load with those it knows, and sends a
// job to the least loaded one if that is less loaded even with the job. If it is
// short of memory, a job goes to the node with most free memory, whatever the loads.
type mosix struct{ r *run }

func (m *mosix) anywhere() bool { return false }
func (m *mosix) careful() bool  { return true }

func (m *mosix) place(j *job) *node { return m.r.nodes[j.home] }

// mosixMargin is how much less loaded the other node has to be, in jobs on a
// standard processor: less is not worth a migration.
const mosixMargin = 0.5

func (m *mosix) decide(n *node) []move {
	if len(n.jobs) == 0 {
		return nil
	}
	n.advance(m.r.now)
	n.forget(m.r.now)
	var roomy, idle *entry
	var others []entry
	m.r.info.known(n, func(e entry) {
		if e.accept {
			others = append(others, e)
		}
	})
	for i := range others {
		e := &others[i]
		e.demand += sentTo(n, e)
		if roomy == nil || e.node.memory-e.used > roomy.node.memory-roomy.used {
			roomy = e
		}
		if idle == nil || e.load(0) < idle.load(0) {
			idle = e
		}
	}
	if idle == nil {
		return nil
	}
	jobs := byAge(n.jobs)
	if n.used > n.memory {
		for _, j := range jobs {
			if !j.moving && j.memory <= roomy.node.memory-roomy.used {
				return []move{{j, roomy.node}}
			}
		}
		return nil
	}
	for _, j := range jobs {
		if !j.moving && j.memory <= idle.node.memory-idle.used && idle.load(j.wants)+mosixMargin <= loadOf(n, 0) {
			return []move{{j, idle.node}}
		}
	}
	return nil
}

func (e *entry) load(more float64) float64 { return (e.demand + more) / e.node.cpus / e.node.speed }

// sentTo is what was sent to a node after it told what is known of it.
func sentTo(n *node, e *entry) float64 {
	sum := 0.0
	for _, s := range n.sent {
		if s.to == e.node.index && s.at >= e.at {
			sum += s.wants
		}
	}
	return sum
}

// byAge is jobs, the oldest first: they live on for longest.
func byAge(jobs byFinish) []*job {
	sorted := append([]*job(nil), jobs...)
	slices.SortFunc(sorted, func(a, b *job) int { return a.id - b.id })
	return sorted
}

package sim

// move is what a policy wants.
type move struct {
	job *job
	to  *node
}

// A move that is undone within so many seconds was one for nothing.
const undone = 10

// move sends a job on its way: it runs while its bytes go over, is frozen for a
// moment, and runs on. Where there is no room, or nobody, it is refused.
func (r *run) move(j *job, to *node) {
	from := j.at
	if from == nil || j.moving || to == from {
		return
	}
	if to.dead || to.blocks && to.index != j.home || r.policy.careful() && to.used+j.memory > to.memory {
		r.tally.refused++
		j.moves++ // it is not tried again at once
		j.lastMove = r.now
		return
	}
	r.tally.moves++
	if j.came == to && j.moves > 0 && r.now-j.lastMove < undone {
		r.tally.wasted++
	}
	to.advance(r.now)
	to.used += j.memory
	to.coming += j.wants
	from.going += j.wants
	j.moving, j.to, j.came = true, to, from
	from.sent = append(from.sent, sending{to: to.index, at: r.now, wants: j.wants, memory: j.memory})
	r.tally.bytes += j.memory
	r.schedule(to)
	// What a node sends goes over its link one after the other.
	from.linkFree = max(from.linkFree, r.now) + j.memory/r.s.Link.Bandwidth
	r.queue.put(event{at: from.linkFree + r.s.Link.Latency.Seconds(), what: sentAll, job: j})
}

// freeze takes a job from where it was, when its bytes are over.
func (r *run) freeze(j *job) {
	if !j.moving || j.at == nil {
		return
	}
	from := j.at
	if j.to.dead {
		j.moving = false
		from.going -= j.wants
		r.tally.refused++
		return
	}
	from.advance(r.now)
	j.to.advance(r.now)
	from.leave(j)
	from.going -= j.wants
	from.used = max(from.used-j.memory, 0)
	r.schedule(from)
	r.queue.put(event{at: r.now + r.s.Freeze.Seconds(), what: thawed, job: j})
}

func (r *run) thaw(j *job) {
	to := j.to
	j.moving = false
	to.coming -= j.wants
	if j.lost {
		return
	}
	if to.dead {
		r.lose(j)
		return
	}
	to.advance(r.now)
	j.moves++
	j.lastMove = r.now
	to.enter(j, r.tax(j, to))
	r.schedule(to)
}

// abandon the move of a job that ended while its bytes went over.
func (r *run) abandon(j *job) {
	j.moving = false
	j.to.coming -= j.wants
	j.came.going -= j.wants
	j.to.advance(r.now)
	j.to.used = max(j.to.used-j.memory, 0)
	r.schedule(j.to)
	r.tally.wasted++
}

func (r *run) lose(j *job) {
	if j.lost || j.ended > 0 {
		return
	}
	j.lost = true
	r.open--
	r.tally.lost++
}

// change is what the scenario has happen to a node.
func (r *run) change(e event) {
	n := e.node
	n.advance(r.now)
	switch e.change {
	case "dies":
		r.die(n)
	case "owner":
		n.owner = e.value
	case "quiet":
		n.quiet = e.value > 0
	case "blocks":
		n.blocks = e.value > 0
	}
	r.schedule(n)
}

// die with a node all that ran on it, and all that was started there.
func (r *run) die(n *node) {
	n.dead = true
	for _, j := range append(byFinish(nil), n.jobs...) {
		n.leave(j)
		r.lose(j)
		if j.moving {
			r.abandon(j)
		}
	}
	for _, j := range r.jobs {
		if j.home != n.index || j.lost || j.ended > 0 {
			continue
		}
		if at := j.at; at != nil {
			at.advance(r.now)
			at.leave(j)
			at.used = max(at.used-j.memory, 0)
			r.schedule(at)
		}
		r.lose(j)
	}
}

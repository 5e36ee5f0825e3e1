package sim

import "math"

// epvm is Enhanced PVM: a job goes where the sum of the costs of all nodes rises
// least, and stays. A resource costs n to the power of its use: memory as the
// share in use; load, jobs over speed, as a share of the smallest power of two
// that is not below any load seen so far.
type epvm struct {
	static
	most float64
}

func (p *epvm) cost(load, memory float64) float64 {
	n := math.Log(float64(len(p.r.nodes)))
	return math.Exp(n*memory) + math.Exp(n*load/p.most)
}

// see keeps the scale of load above what is seen.
func (p *epvm) see() {
	p.most = max(p.most, 1)
	for _, n := range p.r.nodes {
		for p.load(n, 0) > p.most {
			p.most *= 2
		}
	}
}

// loadOf a node with one job more or less.
func loadOf(n *node, more float64) float64 {
	return max(n.demand+n.owner+more, 0) / n.cpus / n.speed
}

// load of a node as one sees it who knows everything: with what is on its way.
func (p *epvm) load(n *node, more float64) float64 { return loadOf(n, n.coming-n.going+more) }

func (p *epvm) marginal(n *node, wants, memory float64) float64 {
	n.advance(p.r.now)
	if p.r.s.Blind {
		memory = 0
	}
	return p.cost(p.load(n, wants), (n.used+memory)/n.memory) - p.cost(p.load(n, 0), n.used/n.memory)
}

func (p *epvm) place(j *job) *node {
	p.see()
	var best *node
	least := math.Inf(1)
	for _, n := range p.r.nodes {
		if n.dead {
			continue
		}
		if c := p.marginal(n, j.wants, j.memory); c < least || best == nil {
			best, least = n, c
		}
	}
	return best
}

// emosix is Enhanced Mosix: besides, jobs are reassigned, greedily, as long as
// that makes the sum of the costs of all nodes smaller.
type emosix struct{ epvm }

func (p *emosix) decide(n *node) []move {
	p.see()
	n.advance(p.r.now)
	var best move
	most := 0.0
	for _, j := range byAge(n.jobs) {
		if j.moving {
			continue
		}
		here := p.cost(p.load(n, 0), n.used/n.memory) - p.cost(p.load(n, -j.demand), (n.used-j.memory)/n.memory)
		for _, to := range p.r.nodes {
			if to == n || to.dead {
				continue
			}
			if gain := here - p.marginal(to, j.wants, j.memory); gain > most {
				best, most = move{j, to}, gain
			}
		}
	}
	if best.job == nil {
		return nil
	}
	return []move{best}
}

package balance

// Of the memory: a wait for it in more than this share of the time is a shortage
// whatever the counts say; and a process smaller than this share of a node's
// memory is no relief.
const (
	pressureMost = 0.1
	reliefLeast  = 1.0 / 256
)

// usher moves processes to where there is memory, if this node is short of it
// or will be before they could be moved. It comes before all balance of CPUs.
func (w *world) usher() {
	if w.self == nil {
		return
	}
	for range w.procs {
		deficit, ahead := w.deficit()
		if deficit <= 0 {
			return
		}
		p := w.relief(deficit, ahead)
		if p == nil {
			return
		}
		urgent := w.urgent(p)
		if !w.sendAway(p, Memory) {
			p.full = true
			continue
		}
		w.moves[len(w.moves)-1].Urgent = urgent
	}
}

// hurry is how many times as long as its bytes should take a move may take on a
// busy machine or link.
const hurry = 4

// urgent tells whether a process may outgrow its node while it is moved.
func (w *world) urgent(p *proc) bool {
	left := w.self.memory - w.self.used
	return p.Growth > 0 && left < p.Growth*hurry*w.takes(p, nil)
}

// deficit is how many bytes this node will lack of its reserve in the time it
// looks ahead, in seconds.
func (w *world) deficit() (bytes, ahead float64) {
	growth, longest := 0.0, 0.0
	for _, p := range w.procs {
		if p.at == w.self && !p.gone {
			growth += p.Growth
			longest = max(longest, p.bytes)
		}
	}
	ahead = w.rules.Ahead.Seconds() + 2*longest/w.likely().bandwidth()
	deficit := max(growth, 0)*ahead - w.self.room()
	if w.self.pressed() && w.self.room() < w.self.reserve {
		deficit = max(deficit, w.self.reserve-w.self.room())
	}
	return deficit, ahead
}

// likely is the way that the next one to leave would take, as far as it is known
// before it is known who that is.
func (w *world) likely() Link {
	if len(w.ranked) == 0 {
		return Link{}
	}
	return w.ranked[0].Link
}

// relief finds who should go: of those that are enough, the smallest, which is
// moved at the least price; if none is, the one that frees most.
func (w *world) relief(deficit, ahead float64) *proc {
	var found *proc
	var freed float64
	for _, p := range w.procs {
		if p.done || p.full || p.at != w.self || p.bytes < w.self.memory*reliefLeast {
			continue
		}
		frees := p.bytes + max(p.Growth, 0)*ahead
		better := frees > freed
		if found != nil && freed >= deficit && frees >= deficit {
			better = p.bytes < found.bytes
		}
		if better {
			found, freed = p, frees
		}
	}
	return found
}

// pressed tells whether something on a node waits for memory.
func (n *node) pressed() bool { return n.MemPressure > pressureMost }

// overdrawn tells whether a node has less memory than is in use on it.
func (n *node) overdrawn() bool {
	return n.used > n.memory || n.pressed() && n.room() < 0
}

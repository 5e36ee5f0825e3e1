package deputy

import "sync"

// rates are how fast memory has gone to nodes: of a process that writes too little for a round how much is left to
// be sent while it stands still is decided by these. What comes from a node has the same way.
type rates struct {
	mu     sync.Mutex
	byNode map[int]float64 // bytes per second
}

// note notes a rate that was measured; 0: none was.
func (r *rates) note(node int, rate float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rate > 0 {
		r.set(node, rate)
	}
}

// suppose notes what the daemon knows, where nothing has been measured here.
func (r *rates) suppose(node int, rate uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rate > 0 && r.byNode[node] == 0 {
		r.set(node, float64(rate))
	}
}

// set precondition: mu is held.
func (r *rates) set(node int, rate float64) {
	if r.byNode == nil {
		r.byNode = map[int]float64{}
	}
	r.byNode[node] = rate
}

// last is the rate measured last; 0: none was.
func (r *rates) last(node int) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byNode[node]
}

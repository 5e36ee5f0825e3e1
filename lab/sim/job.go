package sim

import "openmosix/internal/model/balance"

// job is a process in the simulation. Times are in seconds since the start.
type job struct {
	id       int // from 1
	home     int // index of a node
	arrived  float64
	ended    float64
	work     float64 // seconds on a standard processor
	wants    float64
	memory   float64 // bytes now
	growth   float64
	grownTo  float64
	calls    float64
	bytes    float64 // of calls
	kind     balance.Kind
	at       *node // nil: frozen on its way, not begun, or ended
	finish   float64
	index    int     // in its node's heap
	done     float64 // of work, before its time on this node
	entered  float64 // its node's service when it came
	speed    float64 // work it does for a unit of service
	demand   float64 // threads
	moving   bool
	to       *node
	came     *node // from where
	moves    int
	lastMove float64
	lost     bool
}

// worked is how much of its work is done, in the node's present state.
func (j *job) worked() float64 {
	if j.at == nil {
		return j.done
	}
	return min(j.done+(j.at.service-j.entered)*j.speed, j.work)
}

// byFinish is a heap of the jobs of a node, the one that ends first on top.
type byFinish []*job

func (h byFinish) Len() int { return len(h) }
func (h byFinish) Less(i, k int) bool {
	return h[i].finish < h[k].finish || h[i].finish == h[k].finish && h[i].id < h[k].id
}
func (h byFinish) Swap(i, k int) {
	h[i], h[k] = h[k], h[i]
	h[i].index, h[k].index = i, k
}
func (h *byFinish) Push(x any) {
	j := x.(*job)
	j.index = len(*h)
	*h = append(*h, j)
}
func (h *byFinish) Pop() any {
	last := len(*h) - 1
	j := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return j
}

package sim

import "container/heap"

// event is something that happens at a time; of one time, in the order in which
// they were put in.
type event struct {
	at      float64
	seq     int
	what    what
	node    *node
	job     *job
	version int     // of node, for completions
	stream  int     // of arrivals
	value   float64 // of changes
	change  string
}

type what int

const (
	arrival what = iota
	completion
	tick
	sentAll // the bytes of a moving job are over
	thawed  // and it runs again
	change
)

type queue struct {
	events []event
	seq    int
}

func (q *queue) Len() int { return len(q.events) }
func (q *queue) Less(i, k int) bool {
	a, b := &q.events[i], &q.events[k]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}
func (q *queue) Swap(i, k int) { q.events[i], q.events[k] = q.events[k], q.events[i] }
func (q *queue) Push(x any)    { q.events = append(q.events, x.(event)) }
func (q *queue) Pop() any {
	last := len(q.events) - 1
	e := q.events[last]
	q.events[last] = event{}
	q.events = q.events[:last]
	return e
}

func (q *queue) put(e event) {
	q.seq++
	e.seq = q.seq
	heap.Push(q, e)
}

func (q *queue) take() event { return heap.Pop(q).(event) }

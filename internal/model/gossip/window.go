// Package gossip is how nodes know of each other's load without asking: once a
// second each tells a few others, chosen at random, the freshest of what it
// knows. What that costs a node does not depend on how many there are; how old
// what it knows is does, and can be predicted (docs/design/0008-information.md).
//
// Ages travel as durations, and are counted on from there by the receiver's
// clock: clocks need not agree. What a packet takes on its way is neglected.
//
// Pure: now is a time since any moment, the same one for all calls of a Window,
// that never goes back. A Window belongs to one goroutine at a time.
package gossip

import (
	"container/list"
	"slices"
	"time"

	"openmosix/internal/model/load"
)

const (
	// Period is the time between two rounds of a node.
	Period = time.Second
	// FanOut is how many nodes it tells in a round.
	FanOut = 3
	// Size is how many entries it tells them, its own among them: what fits in
	// a packet that no network has to cut.
	Size = 21
	// Expiry is the age from which on nothing is known of a node.
	Expiry = 60 * time.Second
	// Capacity is how many entries a node keeps, the freshest ones.
	Capacity = 8192
	// maxInstances bounds how many nodes are believed to have one number. Two
	// are twins, or one before and after its restart.
	maxInstances = 4
)

// Silence is the age of a report from which on its node has stopped telling,
// where nothing else says so: in a cluster of so many nodes one report in fifty
// grows as old while its node goes on.
func Silence(nodes int) time.Duration {
	const spread, tail = 5 * Period, 4
	return min(spread+tail*Period*time.Duration(max(nodes, 0))/(FanOut*Size), Expiry)
}

// Known is what is known of a node, and how old it is.
type Known struct {
	Report load.Report
	Age    time.Duration
}

// Window is what one node knows.
type Window struct {
	capacity int
	own      *seen
	order    *list.List              // of *seen, the freshest first
	nodes    map[int][]*list.Element // by number, one for each instance
}

// seen is a report and when it was measured, on the clock of this node.
type seen struct {
	report load.Report
	at     time.Duration
}

// New makes a window that keeps so many entries.
func New(capacity int) *Window {
	return &Window{capacity: capacity, order: list.New(), nodes: make(map[int][]*list.Element)}
}

// Own replaces what this node tells of itself, measured now.
func (w *Window) Own(r load.Report, now time.Duration) { w.own = &seen{r, now} }

// Hear takes in what another node knew, and tells how much of it was news.
func (w *Window) Hear(entries []Known, now time.Duration) (news int) {
	for _, e := range entries {
		if e.Age < 0 || e.Age >= Expiry || w.own != nil && sameRun(e.Report, w.own.report) {
			continue
		}
		if w.take(seen{e.Report, now - e.Age}, false) {
			news++
		}
	}
	return news
}

// Learn takes in what another node has just answered. That may be newer than the
// report it told last, and has its sequence all the same.
func (w *Window) Learn(r load.Report, now time.Duration) {
	if w.own == nil || !sameRun(r, w.own.report) {
		w.take(seen{r, now}, true)
	}
}

func sameRun(a, b load.Report) bool { return a.Node == b.Node && a.Instance == b.Instance }

// take keeps one entry, unless it is no news. asked: it is not as old as what has
// its sequence.
func (w *Window) take(s seen, asked bool) bool {
	instances := w.nodes[s.report.Node]
	for _, e := range instances {
		old := e.Value.(*seen)
		if !sameRun(old.report, s.report) {
			continue
		}
		if old.report.Sequence > s.report.Sequence || old.report.Sequence == s.report.Sequence && !asked {
			return false
		}
		// A later report was measured later, whatever its way has taken.
		s.at = max(s.at, old.at)
		*old = s
		w.place(e)
		return true
	}
	if len(instances) >= maxInstances {
		w.drop(stalest(instances))
	}
	if w.order.Len() < w.capacity {
		fresh := s
		e := w.order.PushBack(&fresh)
		w.place(e)
		w.nodes[s.report.Node] = append(w.nodes[s.report.Node], e)
		return true
	}
	// The oldest gives way, and its place in memory is taken: in a large cluster
	// nearly all that is heard of comes here.
	last := w.order.Back()
	if last == nil || last.Value.(*seen).at >= s.at {
		return false
	}
	instances = w.unlist(last)
	*last.Value.(*seen) = s
	w.place(last)
	if others := w.nodes[s.report.Node]; len(others) > 0 || cap(instances) == 0 {
		w.nodes[s.report.Node] = append(others, last)
	} else {
		w.nodes[s.report.Node] = append(instances, last)
	}
	return true
}

// place moves an entry before the first one that is older. What is heard is
// among the freshest of the one that tells it, so the walk is short.
func (w *Window) place(e *list.Element) {
	at := e.Value.(*seen).at
	for other := w.order.Front(); other != nil; other = other.Next() {
		if other != e && other.Value.(*seen).at <= at {
			w.order.MoveBefore(e, other)
			return
		}
	}
	w.order.MoveToBack(e)
}

func stalest(instances []*list.Element) *list.Element {
	oldest := instances[0]
	for _, e := range instances[1:] {
		if e.Value.(*seen).at < oldest.Value.(*seen).at {
			oldest = e
		}
	}
	return oldest
}

func (w *Window) drop(e *list.Element) {
	w.unlist(e)
	w.order.Remove(e)
}

// unlist takes an entry off the list of its node, and gives that list's memory if
// nothing is left of it.
func (w *Window) unlist(e *list.Element) []*list.Element {
	number := e.Value.(*seen).report.Node
	left := slices.DeleteFunc(w.nodes[number], func(other *list.Element) bool { return other == e })
	if len(left) > 0 {
		w.nodes[number] = left
		return nil
	}
	delete(w.nodes, number)
	return left
}

// Forget drops what is known of a number. Others may know and tell it still.
func (w *Window) Forget(number int) {
	for _, e := range w.nodes[number] {
		w.order.Remove(e)
	}
	delete(w.nodes, number)
}

// expire drops what is too old.
func (w *Window) expire(now time.Duration) {
	for e := w.order.Back(); e != nil && now-e.Value.(*seen).at >= Expiry; e = w.order.Back() {
		w.drop(e)
	}
}

package balancer

import (
	"time"

	"openmosix/internal/model/supervisor"
)

// target is a process, by pid at home, and where it was not taken; node 0: it
// cannot move at all.
type target struct {
	home, pid int
	node      int
}

// refusal is what came of trying, and until when it is not tried again: twice as
// long each time.
type refusal struct {
	code  string
	text  string
	until time.Time
	tries int
}

const (
	firstPause = 5 * time.Second
	longPause  = 5 * time.Minute
	// forgetAfter its pause a refusal is history.
	forgetAfter = 10 * time.Minute
)

// aboutProcess tells whether a failure has to do with the process and not with
// where it was to go.
func aboutProcess(code supervisor.Code) bool {
	switch code {
	case supervisor.Refused, supervisor.NoMemory, supervisor.Unreachable, supervisor.UnknownNode, supervisor.LacksCPU:
		return false
	}
	return true
}

// refused notes a failed move. Precondition: b.mu is held.
func (b *Balancer) refused(home, pid, to int, o Outcome, now time.Time) {
	t := target{home, pid, to}
	if aboutProcess(o.Code) {
		t.node = 0
	}
	r := b.refusals[t]
	r.tries++
	r.code, r.text = string(o.Code), o.Text
	if o.Reason != "" {
		r.code = o.Reason
	}
	r.until = now.Add(min(firstPause<<min(r.tries-1, 10), longPause))
	b.refusals[t] = r
}

// barred tells why a process is not tried: at all (to 0), or with a node.
// Precondition: b.mu is held.
func (b *Balancer) barred(home, pid, to int, now time.Time) (refusal, bool) {
	r, ok := b.refusals[target{home, pid, to}]
	return r, ok && now.Before(r.until)
}

// tidy forgets what has to do with processes that have ended. Precondition: b.mu
// is held.
func (b *Balancer) tidy(seen map[who]*tracked) {
	now := time.Now()
	for t, r := range b.refusals {
		if now.Sub(r.until) > forgetAfter {
			delete(b.refusals, t)
		}
	}
	alive := make(map[int]bool, len(seen))
	for id := range seen {
		alive[id.pid] = true
	}
	for id := range b.verdicts {
		if seen[id] == nil {
			delete(b.verdicts, id)
		}
	}
	for pid := range b.placed {
		if !alive[pid] {
			b.over(pid)
		}
	}
}

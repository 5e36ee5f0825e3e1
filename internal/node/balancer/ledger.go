package balancer

import (
	"time"

	"openmosix/internal/model/load"
)

// ledger is by how much this node has changed what is wanted of CPUs, here and
// elsewhere, lately. What a node reports is smoothed over seconds and some time
// old; what was sent there meanwhile is known here, and not in it.
type ledger map[int][]change

// change is so many threads more (or less) since a moment.
type change struct {
	at    time.Duration
	wants float64
}

const (
	// together is how near two changes may be to be one: so that a thousand
	// short programs a second are no thousand entries.
	together = 50 * time.Millisecond
	// settled is when a change is all in what a node reports.
	settled = 6 * load.Window
)

func (l ledger) add(node int, at time.Duration, wants float64) {
	all := l[node]
	first := 0
	for first < len(all) && at-all[first].at > settled {
		first++
	}
	all = all[first:]
	if n := len(all); n > 0 && at-all[n-1].at < together {
		all[n-1].wants += wants
	} else {
		all = append(all, change{at, wants})
	}
	l[node] = all
}

// missing is what is not in a figure of a node that was taken at a moment and is
// smoothed over load.Window.
func (l ledger) missing(node int, taken time.Duration) float64 {
	sum := 0.0
	for _, c := range l[node] {
		sum += c.wants * load.Unseen(taken-c.at)
	}
	return sum
}

// since is what has changed on a node from a moment on.
func (l ledger) since(node int, moment time.Duration) float64 {
	sum := 0.0
	for _, c := range l[node] {
		if c.at >= moment {
			sum += c.wants
		}
	}
	return sum
}

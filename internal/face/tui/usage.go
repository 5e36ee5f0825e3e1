package tui

import (
	"cmp"
	"slices"
	"time"

	"openmosix/internal/node/listing"
)

// Order is what processes are sorted by.
type Order int

// The orders.
const (
	ByCPU Order = iota
	ByMemory
	ByTime
	ByNode
	ByPID
	ByMoves
)

// orders by the keys.
var orders = map[string]Order{"c": ByCPU, "m": ByMemory, "t": ByTime, "n": ByNode, "p": ByPID, "i": ByMoves}

// Line is a process and what it uses now.
type Line struct {
	listing.Row
	Share float64 // of one processor, per cent, here and away
}

type identity struct {
	pid   int
	start uint64
}

// usage is the CPU time of all processes at two moments.
type usage struct {
	at    time.Time
	spent map[identity]time.Duration
	share map[identity]float64
}

func (u usage) next(p Processes) usage {
	n := usage{at: p.At, spent: make(map[identity]time.Duration, len(p.Rows)), share: make(map[identity]float64, len(p.Rows))}
	passed := p.At.Sub(u.at)
	for _, r := range p.Rows {
		id := identity{r.PID, r.Start}
		n.spent[id] = r.CPU
		if before, known := u.spent[id]; known && passed > 0 {
			n.share[id] = max(0, 100*float64(r.CPU-before)/float64(passed))
		}
	}
	return n
}

// lines are the rows to keep, in order; what is equal is by pid.
func (u usage) lines(rows []listing.Row, order Order, keep func(listing.Row) bool) []Line {
	var out []Line
	for _, r := range rows {
		if keep(r) {
			out = append(out, Line{Row: r, Share: u.share[identity{r.PID, r.Start}]})
		}
	}
	slices.SortStableFunc(out, func(a, b Line) int {
		by := 0
		switch order {
		case ByCPU:
			by = cmp.Compare(b.Share, a.Share)
		case ByMemory:
			by = cmp.Compare(b.RSS, a.RSS)
		case ByTime:
			by = cmp.Compare(b.CPU, a.CPU)
		case ByNode:
			by = cmp.Compare(b.Node, a.Node)
		case ByMoves:
			by = cmp.Compare(b.Moves, a.Moves)
		case ByPID:
		}
		return cmp.Or(by, cmp.Compare(a.PID, b.PID))
	})
	return out
}

// Lines are the processes as a program that prints once shows them. Without an
// earlier moment there are no shares.
func Lines(before, now Processes, o TopOptions) []Line {
	u := usage{}.next(before).next(now)
	return u.lines(now.Rows, o.Sort, func(r listing.Row) bool {
		return (!o.Away || r.Node != 0) && (!o.Own || r.UID == o.UID)
	})
}

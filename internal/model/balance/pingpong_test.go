package balance

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// watchers is a cluster in which each node knows of the others what was so some
// seconds ago, and decides by turns.
type watchers struct {
	v       View
	history [][]Node // of each second: what nodes told
	moves   map[int]int
	undone  int // moves back to where the process had come from, within the minute
	from    map[int]int
	at      map[int]int // second of the last move
}

// second lets each node decide once with information that is stale by so much.
func (w *watchers) second(now, stale int) (moved int) {
	w.history = append(w.history, weighed(w.v).Nodes)
	for self := range w.v.Nodes {
		v := weighed(w.v)
		told := w.history[max(len(w.history)-1-stale, 0)]
		for i := range v.Nodes {
			if i != self {
				v.Nodes[i] = told[i]
				v.Nodes[i].Age = time.Duration(stale) * time.Second
			}
		}
		v.Self, v.Now, v.Seed = self+1, time.Hour+time.Duration(now)*time.Second, uint64(now*100+self)
		for i := range v.Procs {
			p := &v.Procs[i]
			p.Moves, p.LastMove = w.moves[p.PID], time.Duration(now-w.at[p.PID])*time.Second
		}
		for _, m := range Decide(v).Moves {
			i := slices.IndexFunc(w.v.Procs, func(p Proc) bool { return p.PID == m.PID })
			w.v.Procs[i].Where = m.To
			if w.from[m.PID] == m.To && now-w.at[m.PID] < 60 && w.moves[m.PID] > 0 {
				w.undone++
			}
			w.from[m.PID], w.at[m.PID] = m.From, now
			w.moves[m.PID]++
			moved++
		}
	}
	return moved
}

// TestNoPingPong: nodes that all act on old information send too much to where it
// looked good. They come to rest all the same, without many moves, and little
// goes to and fro. The worlds are drawn, and the same each time.
func TestNoPingPong(t *testing.T) {
	worlds := rapid.Custom(calm)
	all, undone, procs := 0, 0, 0
	for i := range 24 {
		w := &watchers{v: worlds.Example(i), moves: map[int]int{}, from: map[int]int{}, at: map[int]int{}}
		late := 0
		for now := range 150 {
			n := w.second(now, i%4)
			all += n
			if now >= 120 {
				late += n
			}
		}
		if late > 0 {
			t.Errorf("world %d: %d moves of %d processes from the third minute on", i, late, len(w.v.Procs))
		}
		procs += len(w.v.Procs)
		undone += w.undone
	}
	t.Logf("%d moves of %d processes, %d back to where they came from", all, procs, undone)
	if all > 3*procs || undone > procs/2 {
		t.Errorf("%d moves of %d processes, %d back to where they came from", all, procs, undone)
	}
}

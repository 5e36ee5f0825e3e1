package daemon

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// A drain waits for processes that have gone on and fetch their memory, and not for one whose home is known
// to be lost: its supervisor does so for minutes.
func TestDrainWaitsForWhatFetches(t *testing.T) {
	guests := []supervisor.Proc{
		{HomePID: 7, Node: 1, State: supervisor.StateGiving},
		{HomePID: 8, Node: 1, State: supervisor.StateGiving},
		{HomePID: 8, Node: 3, State: supervisor.StateGiving},
		{HomePID: 9, Node: 1, State: "running"},
	}
	all := []control.Outcome{
		{PID: 7, Home: 1, Code: supervisor.Busy},
		{PID: 8, Home: 1, Code: supervisor.Unreachable},
	}
	left := stillGiving(guests, all)
	if len(left) != 2 || left[0].HomePID != 7 || left[1].HomePID != 8 || left[1].Node != 3 {
		t.Errorf("%+v", left)
	}
}

// Large processes go one after the other, small ones several at once.
func TestManyMovesShareALink(t *testing.T) {
	for _, c := range []struct {
		rss  []uint64 // MiB
		most int32
	}{
		{[]uint64{1, 1, 1, 1, 1, 1}, movesAtOnce},
		{[]uint64{40, 40, 40}, 1},
		{[]uint64{20, 20, 20, 20}, 3},
		{[]uint64{500, 1, 1}, 2},
		{[]uint64{1, 500, 500}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			var procs []supervisor.Proc
			for i, mib := range c.rss {
				procs = append(procs, supervisor.Proc{PID: i, RSS: mib << 20})
			}
			var now, most atomic.Int32
			out := each(procs, func(control.Progress) {}, func(p supervisor.Proc) control.Outcome {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				return control.Outcome{PID: p.PID}
			})
			for i := range out {
				if out[i].PID != i {
					t.Errorf("%v: %+v", c.rss, out)
				}
			}
			if most.Load() != c.most {
				t.Errorf("%v: %d at once", c.rss, most.Load())
			}
		})
	}
}

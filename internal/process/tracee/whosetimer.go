package tracee

import (
	"errors"

	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
)

// errClock: the process goes on where it is, as with whatever else cannot move.
var errClock = errors.New("it cannot be told which thread's CPU time a timer of it counts")

// far is more CPU time than anybody uses.
const far = 1 << 60

// whose finds for the timers made for their maker's time which thread that is: such a timer, set to a
// point in its clock's time, tells what is left until then, and so what that clock says. No two
// threads have used the same number of nanoseconds; those that wait use none.
// Precondition: the timers are not armed.
func (t *Thread) whose(ts []*Thread, timers []image.CPUTimer) error {
	for range whoseTries {
		unknown, err := t.matched(ts, timers)
		if err != nil || !unknown {
			return err
		}
	}
	return errClock
}

const whoseTries = 8

// matched is one attempt. It tells whether there are timers still of which it is not known.
func (t *Thread) matched(ts []*Thread, timers []image.CPUTimer) (unknown bool, err error) {
	var said []*image.CPUTimer
	var clocks, before, after []int64
	for i := range timers {
		one := &timers[i]
		if one.Thread != unknownThread {
			continue
		}
		if said == nil {
			if before, err = t.threadClocks(ts); err != nil {
				return false, err
			}
		}
		const absolute = 1
		if err := t.setCPUTimer(one.ID, absolute, far, 0); err != nil {
			return false, err
		}
		left, err := t.timerLeft(one.ID)
		if err != nil {
			return false, err
		}
		if _, _, _, err := t.disarmTimer(one.ID); err != nil {
			return false, err
		}
		said, clocks = append(said, one), append(clocks, far-left)
	}
	if said == nil {
		return false, nil
	}
	if after, err = t.threadClocks(ts); err != nil {
		return false, err
	}
	for i, one := range said {
		found := 0
		for j, x := range ts {
			if before[j] <= clocks[i] && clocks[i] <= after[j] {
				one.Thread = x.Own
				found++
			}
		}
		if found != 1 {
			one.Thread, unknown = unknownThread, true
		}
	}
	return unknown, nil
}

// threadClocks are the CPU times of threads, as one of them reads them.
func (t *Thread) threadClocks(ts []*Thread) ([]int64, error) {
	all := make([]int64, len(ts))
	for i, x := range ts {
		clock := cpuclock.Clock{ID: int(x.inner()), Thread: true}
		var err error
		if all[i], err = t.clock(int(clock.Number())); err != nil {
			return nil, err
		}
	}
	return all, nil
}

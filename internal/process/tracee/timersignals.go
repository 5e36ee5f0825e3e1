package tracee

import (
	"slices"

	"openmosix/internal/model/image"
)

// MergeTimers leaves one signal of each of these timers, as natively: it says how often the timer has gone
// off besides.
func MergeTimers(timers []image.CPUTimer, all []Pending) []Pending {
	return mergeTimers(all, func(id int32) bool {
		return slices.ContainsFunc(timers, func(one image.CPUTimer) bool { return one.ID == id })
	})
}

// MergeAllTimers is MergeTimers of whatever timers there are.
func MergeAllTimers(all []Pending) []Pending {
	return mergeTimers(all, func(int32) bool { return true })
}

func mergeTimers(all []Pending, ours func(id int32) bool) []Pending {
	var out []Pending
	at := map[int32]int{}
	for _, one := range all {
		if !one.isTimer() || !ours(one.timer()) {
			out = append(out, one)
		} else if first, more := at[one.timer()]; more {
			out[first].addOverrun(1 + one.overrun())
		} else {
			at[one.timer()] = len(out)
			out = append(out, one)
		}
	}
	return out
}

// A timer's siginfo: sigaction(2).
const (
	siTimer   = -2
	timerIDAt = 16
	overrunAt = 20
	valueAt   = 24
)

func (one *Pending) isTimer() bool { return int32(le.Uint32(one.Info[8:])) == siTimer }

func (one *Pending) timer() int32 { return int32(le.Uint32(one.Info[timerIDAt:])) }

func (one *Pending) overrun() int32 { return int32(le.Uint32(one.Info[overrunAt:])) }

func (one *Pending) addOverrun(n int32) {
	le.PutUint32(one.Info[overrunAt:], uint32(one.overrun()+n))
}

// wentOff is the signal of a timer that has gone off once.
func wentOff(t *image.CPUTimer) Pending {
	one := Pending{}
	if t.Way == image.ToThread {
		one.Own = t.Target
	}
	code := int32(siTimer)
	le.PutUint32(one.Info[:], uint32(t.Signal))
	le.PutUint32(one.Info[8:], uint32(code))
	le.PutUint32(one.Info[timerIDAt:], uint32(t.ID))
	le.PutUint64(one.Info[valueAt:], t.Value)
	return one
}

// tells tells whether a timer sends a signal.
func tells(one *image.CPUTimer) bool { return one.Way != image.ToNobody && one.Signal > 0 }

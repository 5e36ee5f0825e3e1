package tracee

import (
	"fmt"

	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// MakeTimer makes in a parked thread's process a timer on CPU time with the number it has at home,
// and does not arm it. ended: the thread whose time it counts has ended, and there can be none.
func (t *Thread) MakeTimer(one *image.CPUTimer) (ended bool, err error) {
	var clock cpuclock.Clock
	if one.Thread != 0 {
		x := t.Proc.ThreadByOwn(one.Thread)
		if x == nil {
			return true, nil
		}
		clock = cpuclock.Clock{ID: int(x.inner()), Thread: true}
	}
	event := t.sigevent(one)
	chooses, err := t.chooseTimerIDs(true)
	if err != nil {
		return false, err
	}
	if !chooses {
		return false, t.countUpTo(one.ID, clock, event)
	}
	_, err = t.makeTimer(clock, event, one.ID)
	if _, e := t.chooseTimerIDs(false); err == nil {
		err = e
	}
	return false, err
}

// mostSkipped bounds the timers that are made and deleted to get at a number.
const mostSkipped = 1 << 14

// countUpTo makes a timer where the kernel counts the numbers up.
func (t *Thread) countUpTo(id int32, clock cpuclock.Clock, event []byte) error {
	made, err := t.makeTimer(clock, event, id)
	for try := int32(0); err == nil && made != id; try++ {
		if made > id || try > mostSkipped {
			err = fmt.Errorf("this node's kernel cannot make timer %d: it is at number %d", id, made)
		}
		if _, e := t.Must("delete a timer", unix.SYS_TIMER_DELETE, uint64(made)); err == nil {
			err = e
		}
		if err == nil {
			made, err = t.makeTimer(clock, event, id)
		}
	}
	return err
}

// sigevent is what timer_create(2) is told of how the timer is to tell.
func (t *Thread) sigevent(one *image.CPUTimer) []byte {
	const (
		signalAt, notifyAt, tidAt, size = 8, 12, 16, 64
		sigevNone, sigevThreadID        = 1, 4
	)
	b := make([]byte, size)
	le.PutUint64(b, one.Value)
	le.PutUint32(b[signalAt:], uint32(one.Signal))
	target := t.Proc.ThreadByOwn(one.Target)
	switch {
	case one.Way == image.ToThread && target != nil:
		le.PutUint32(b[notifyAt:], sigevThreadID)
		le.PutUint32(b[tidAt:], uint32(target.inner()))
	case one.Way != image.ToProcess: // to nobody, or to a thread that has ended
		le.PutUint32(b[notifyAt:], sigevNone)
	}
	return b
}

// makeTimer returns the new timer's number, which is the wanted one if numbers can be chosen.
func (t *Thread) makeTimer(clock cpuclock.Clock, event []byte, wanted int32) (int32, error) {
	const idOff = 64
	var id [4]byte
	le.PutUint32(id[:], uint32(wanted))
	at := t.Put(idOff, id[:])
	if _, err := t.Must(fmt.Sprintf("make timer %d", wanted), unix.SYS_TIMER_CREATE, uint64(clock.Number()), t.Put(0, event), at); err != nil {
		return 0, err
	}
	return int32(le.Uint32(t.Get(idOff, len(id)))), nil
}

// chooseTimerIDs has timer_create(2) take the numbers it is given, since Linux 6.15. Before that the
// kernel counts them up, in each process from 0. False: it cannot be told.
func (t *Thread) chooseTimerIDs(on bool) (bool, error) {
	const timerCreateRestoreIDs = 77 // prctl(2)
	set := uint64(0)
	if on {
		set = 1
	}
	ret, err := t.Call(unix.SYS_PRCTL, timerCreateRestoreIDs, set, 0, 0, 0)
	return ret == 0, err
}

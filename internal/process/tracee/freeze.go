package tracee

import (
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
)

// SignalPolicy decides about a signal that is to be delivered to a thread
// while it is being stopped: it continues the thread, with or without it.
// It runs on the tracing thread.
type SignalPolicy func(t *Thread, s ptrace.Stop)

// DeliverNatively lets the signal through.
func DeliverNatively(t *Thread, s ptrace.Stop) { _ = t.GoOn(s.Value) }

// ErrSlow: the process goes on as before and may be stopped another time.
var ErrSlow = fmt.Errorf("a thread did not stop in time")

// ErrBusy: a thread of the process is held by somebody else.
var ErrBusy = fmt.Errorf("the process is being moved already")

// Freeze stops every thread of the process, also those born meanwhile. On
// error everything runs on. told runs on the tracing thread after all known
// threads have been told to stop, and givenUp before they go on because one did
// not; both may be nil.
func (p *Process) Freeze(limit time.Duration, signals SignalPolicy, told, givenUp func()) (*Hold, error) {
	h := newHold(p)
	h.whole = true
	h.freezing.Store(true)
	busy := false
	p.Family.Loop.Do(func() {
		ts := p.Threads()
		for _, t := range ts {
			if t.hold != nil {
				busy = true
				return
			}
		}
		p.hold = h
		h.claim(ts...)
		for _, t := range ts {
			if !t.Stands {
				t.interrupt()
			}
		}
		if told != nil {
			told()
		}
		for _, t := range ts {
			if t.Stands {
				h.deliver(ptrace.Stop{TID: t.TID, Kind: ptrace.Interrupted})
			}
		}
	})
	if busy {
		p.dropRooms()
		return nil, ErrBusy
	}
	err := h.awaitAll(limit, signals)
	h.readRests()
	if err != nil {
		if givenUp != nil {
			h.Do(givenUp)
		}
		h.Release()
		return nil, err
	}
	return h, nil
}

// HoldOne stops one thread and takes it; the others run on.
func (t *Thread) HoldOne(limit time.Duration, signals SignalPolicy, extra func()) (*Hold, error) {
	h := newHold(t.Proc)
	h.freezing.Store(true)
	busy := false
	t.Proc.Family.Loop.Do(func() {
		if t.hold != nil {
			busy = true
			return
		}
		h.claim(t)
		t.interrupt()
		if extra != nil {
			extra()
		}
	})
	if busy {
		t.dropRoom()
		return nil, ErrBusy
	}
	err := h.awaitAll(limit, signals)
	h.readRests()
	if err != nil {
		h.Release()
		return nil, err
	}
	return h, nil
}

// awaitAll waits until every held thread has reported Interrupted or is gone.
func (h *Hold) awaitAll(limit time.Duration, signals SignalPolicy) error {
	defer h.freezing.Store(false)
	within := owntime.Within(limit)
	leaderThere := time.Now()
	stopped := map[int]bool{}
	for {
		left := 0
		for _, t := range h.Threads() {
			if !stopped[t.TID] {
				left++
			}
		}
		pause := leaderPause
		switch {
		case left == 0 && !h.whole:
			return nil
		case left == 0 && h.Proc.Leader() == nil:
			return ErrGone
		case left == 0 && !h.Proc.unreported():
			return nil
		case left == 0: // a thread made just before its maker stopped has not reported yet
			pause = birthPause
		case !h.whole || !h.Proc.leaderLeft():
			leaderThere = time.Now()
		case time.Since(leaderThere) > LeaderLimit:
			return ErrLeaderLeft
		}
		s, err := h.poll(within, pause)
		if errors.Is(err, ErrSlow) {
			if !within.Over() {
				continue
			}
			err = h.slow()
		}
		if err != nil {
			return err
		}
		t := h.Proc.Family.Thread(s.TID)
		if t == nil {
			continue // gone
		}
		switch s.Kind {
		case ptrace.Interrupted, ptrace.GroupStop:
			stopped[s.TID] = true
			h.stopped = h.stopped || s.Kind == ptrace.GroupStop
		case ptrace.Signal:
			h.Do(func() {
				t.insist()
				signals(t, s)
			})
		case ptrace.Event:
			if s.Value == ptrace.EventExec {
				_ = h.continueOne(t)
				return fmt.Errorf("process %d is executing another program just now: %w", h.Proc.PID, ErrExec)
			}
			_ = h.continueOne(t)
		case ptrace.SyscallStop:
			_ = h.continueOne(t)
		}
	}
}

const (
	birthPause  = time.Millisecond
	leaderPause = 100 * time.Millisecond
)

// unreported tells whether the process has a live thread that is not in the
// tables. With all others stopped no more come.
func (p *Process) unreported() bool {
	tids, err := p.Family.FS.Threads(p.PID)
	if err != nil {
		return false
	}
	for _, tid := range tids {
		if p.Family.Thread(tid) == nil && !p.Family.ending(p.PID, tid) {
			return true
		}
	}
	return false
}

// ending tells whether a thread is past its end or gone.
func (f *Family) ending(pid, tid int) bool {
	st, err := f.FS.ThreadStatus(pid, tid)
	return err != nil || st.State == 'Z' || st.State == 'X'
}

// ErrLeaderLeft: the thread group leader has ended, others have not.
var ErrLeaderLeft = errors.New("the process's first thread has ended while others go on")

// LeaderLimit is how long a process may seem to have lost its first thread: it
// does so for a moment when another thread executes a program.
const LeaderLimit = 500 * time.Millisecond

// leaderLeft: a leader that ended before the others never reports anything:
// wait4 returns it only after them.
func (p *Process) leaderLeft() bool {
	st, err := p.Family.FS.ThreadStatus(p.PID, p.PID)
	return err == nil && st.State == 'Z' && st.Threads > 1
}

// ErrExec: the process replaced its program while it was being stopped.
var ErrExec = fmt.Errorf("execve")

// continueOne lets a thread go on from a stop that is not the one waited for.
func (h *Hold) continueOne(t *Thread) error {
	var err error
	h.Do(func() {
		t.insist()
		err = t.GoOn(0)
	})
	return err
}

// passOn has a thread go on from a stop that means nothing to its hold. Tracing thread.
func (t *Thread) passOn() {
	t.insist()
	_ = t.GoOn(0) // if it cannot it is gone, which is reported
}

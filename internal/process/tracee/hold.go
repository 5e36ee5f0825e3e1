package tracee

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"openmosix/internal/linux/ptrace"

	"golang.org/x/sys/unix"
)

// Hold is the exclusive right to the stops of some threads, for one goroutine.
type Hold struct {
	Proc *Process

	mu      sync.Mutex
	queue   []ptrace.Stop
	arrived chan struct{} // capacity 1

	owned    []*Thread
	deferred []ptrace.Stop // stops of other held threads, met while waiting for one
	whole    bool          // new threads of the process belong to it as well
	stopped  bool          // the process was in a job-control stop when its threads stopped
	stopSeen bool          // a SIGSTOP came meanwhile: it is raised again afterwards; tracing thread
}

func newHold(p *Process) *Hold { return &Hold{Proc: p, arrived: make(chan struct{}, 1)} }

// deliver queues a stop; it never waits.
func (h *Hold) deliver(s ptrace.Stop) {
	h.mu.Lock()
	h.queue = append(h.queue, s)
	h.mu.Unlock()
	select {
	case h.arrived <- struct{}{}:
	default:
	}
}

func (h *Hold) pop() (ptrace.Stop, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return ptrace.Stop{}, false
	}
	s := h.queue[0]
	h.queue = h.queue[1:]
	return s, true
}

// next is the next stop of any held thread.
func (h *Hold) next(deadline time.Time) (ptrace.Stop, error) {
	for {
		if s, ok := h.pop(); ok {
			return s, nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return ptrace.Stop{}, fmt.Errorf("process %d: %w (%s)", h.Proc.PID, ErrSlow, h.Proc.whereabouts())
		}
		timer := time.NewTimer(left)
		select {
		case <-h.arrived:
		case <-timer.C:
		case <-h.Proc.Family.Loop.Ended():
			timer.Stop()
			return ptrace.Stop{}, ErrGone
		}
		timer.Stop()
	}
}

// await is the next stop of one thread; those of others are kept.
func (h *Hold) await(t *Thread, limit time.Duration) (ptrace.Stop, error) {
	deadline := time.Now().Add(limit)
	for i, s := range h.deferred {
		if s.TID == t.TID {
			h.deferred = append(h.deferred[:i], h.deferred[i+1:]...)
			if s.Gone() {
				return s, ErrGone
			}
			return s, nil
		}
	}
	for {
		s, err := h.next(deadline)
		if err != nil {
			return s, err
		}
		if s.TID == t.TID {
			if s.Gone() {
				return s, ErrGone
			}
			return s, nil
		}
		h.deferred = append(h.deferred, s)
	}
}

// claim takes threads. Precondition: on the tracing thread; nobody holds them.
func (h *Hold) claim(ts ...*Thread) {
	for _, t := range ts {
		t.hold = h
		h.owned = append(h.owned, t)
	}
}

// SignalPolicy decides about a signal that is to be delivered to a thread
// while it is being stopped: it continues the thread, with or without it.
// It runs on the tracing thread.
type SignalPolicy func(t *Thread, s ptrace.Stop)

// DeliverNatively lets the signal through.
func DeliverNatively(t *Thread, s ptrace.Stop) { _ = ptrace.Continue(t.TID, s.Value) }

// ErrSlow: the process goes on as before and may be stopped another time.
var ErrSlow = fmt.Errorf("a thread did not stop in time")

// ErrBusy: a thread of the process is held by somebody else.
var ErrBusy = fmt.Errorf("the process is being moved already")

// Freeze stops every thread of the process, also those born meanwhile. On
// error everything runs on. extra runs on the tracing thread after all known
// threads have been told to stop.
func (p *Process) Freeze(limit time.Duration, signals SignalPolicy, extra func()) (*Hold, error) {
	h := newHold(p)
	h.whole = true
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
			if t.Stands {
				h.deliver(ptrace.Stop{TID: t.TID, Kind: ptrace.Interrupted})
				continue
			}
			t.interrupt()
		}
		if extra != nil {
			extra()
		}
	})
	if busy {
		return nil, ErrBusy
	}
	if err := h.awaitAll(limit, signals); err != nil {
		h.Release()
		return nil, err
	}
	return h, nil
}

// HoldOne stops one thread and takes it; the others run on.
func (t *Thread) HoldOne(limit time.Duration, signals SignalPolicy, extra func()) (*Hold, error) {
	h := newHold(t.Proc)
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
		return nil, ErrBusy
	}
	if err := h.awaitAll(limit, signals); err != nil {
		h.Release()
		return nil, err
	}
	return h, nil
}

// awaitAll waits until every held thread has reported Interrupted or is gone.
func (h *Hold) awaitAll(limit time.Duration, signals SignalPolicy) error {
	deadline := time.Now().Add(limit)
	leaderThere := time.Now()
	stopped := map[int]bool{}
	for {
		left := 0
		for _, t := range h.Threads() {
			if !stopped[t.TID] {
				left++
			}
		}
		var s ptrace.Stop
		var err error
		if left == 0 {
			switch {
			case !h.whole:
				return nil
			case h.Proc.Leader() == nil:
				return ErrGone
			case !h.Proc.unreported():
				return nil
			}
			// A thread made just before its maker stopped has not reported yet.
			if s, err = h.next(earlier(deadline, time.Now().Add(birthPause))); err != nil && !errors.Is(err, ErrGone) && time.Now().Before(deadline) {
				continue
			}
		} else {
			switch {
			case !h.whole || !h.Proc.leaderLeft():
				leaderThere = time.Now()
			case time.Since(leaderThere) > LeaderLimit:
				return ErrLeaderLeft
			}
			if s, err = h.next(earlier(deadline, time.Now().Add(leaderPause))); err != nil && !errors.Is(err, ErrGone) && time.Now().Before(deadline) {
				continue
			}
		}
		if err != nil {
			return err
		}
		t := h.Proc.Family.Thread(s.TID)
		if t == nil {
			continue // gone
		}
		switch s.Kind {
		case ptrace.Interrupted:
			stopped[s.TID] = true
		case ptrace.GroupStop:
			stopped[s.TID] = true
			h.stopped = true
		case ptrace.Signal:
			h.Proc.Family.Loop.Do(func() { signals(t, s) })
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

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

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

func (h *Hold) continueOne(t *Thread) error {
	var err error
	h.Proc.Family.Loop.Do(func() { err = ptrace.Continue(t.TID, 0) })
	return err
}

// Threads lists the live threads of the hold, the leader first.
func (h *Hold) Threads() []*Thread {
	if h.whole {
		return h.Proc.Threads()
	}
	var ts []*Thread
	for _, t := range h.owned {
		if t.Alive() {
			ts = append(ts, t)
		}
	}
	return ts
}

// Release gives the threads back to the role and lets them run. Stops that
// nobody has looked at go to the role.
func (h *Hold) Release() { h.release(true) }

// Pass gives the threads back as they are; the caller has continued them.
func (h *Hold) Pass() { h.release(false) }

func (h *Hold) release(run bool) {
	f := h.Proc.Family
	f.Loop.Do(func() {
		rest := h.deferred
		for {
			s, ok := h.pop()
			if !ok {
				break
			}
			rest = append(rest, s)
		}
		waiting := map[int]bool{}
		for _, s := range rest {
			waiting[s.TID] = true // nobody has seen it, so nobody has continued it
		}
		if h.Proc.hold == h {
			h.Proc.hold = nil
		}
		for _, t := range h.Threads() {
			if t.hold != h {
				continue
			}
			t.hold = nil
			switch {
			case !run || waiting[t.TID] || t.Stands:
			case t.group && ptrace.Listen(t.TID) == nil: // it stays stopped
			default:
				_ = ptrace.Continue(t.TID, 0) // fails when it runs already: right as well
			}
			t.group = false
		}
		for _, s := range rest {
			if t := f.Thread(s.TID); t != nil && t.hold == nil && !s.Gone() {
				f.role.Stopped(t, s)
			}
		}
		h.stopAgain()
	})
}

// Stopped tells whether the process was in a job-control stop when it was frozen.
func (h *Hold) Stopped() bool { return h.stopped }

// stopAgain raises a SIGSTOP that came while the process was held, unless a
// SIGCONT came later: each removes the other from the queue. Tracing thread.
func (h *Hold) stopAgain() {
	if !h.stopSeen {
		return
	}
	h.stopSeen = false
	st, err := h.Proc.Family.FS.Status(h.Proc.PID)
	if err == nil && st.ShdPnd>>(unix.SIGCONT-1)&1 == 0 {
		_ = unix.Kill(h.Proc.PID, unix.SIGSTOP)
	}
}

// Do runs f on the tracing thread.
func (h *Hold) Do(f func()) { h.Proc.Family.Loop.Do(f) }

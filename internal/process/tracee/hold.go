package tracee

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/owntime"
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
	freezing atomic.Bool   // its threads are on their way to the stops it has told them to make
	short    atomic.Bool   // one of these may have cut a read short
	deferred []ptrace.Stop // stops of other held threads, met while waiting for one
	whole    bool          // new threads of the process belong to it as well
	stopped  bool          // the process was in a job-control stop when its threads stopped
	stopSeen bool          // a SIGSTOP came meanwhile: it is raised again afterwards; tracing thread
}

func newHold(p *Process) *Hold { return &Hold{Proc: p, arrived: make(chan struct{}, 1)} }

// deliver queues a stop; it never waits. What a freeze does with each it does here, before the
// goroutine that waits for all of them hears of it: each change between that and the tracing thread costs
// four of Go's threads a turn. Tracing thread.
func (h *Hold) deliver(s ptrace.Stop) {
	if h.freezing.Load() && (s.Kind == ptrace.Interrupted || s.Kind == ptrace.GroupStop) {
		if t := h.Proc.Family.Thread(s.TID); t != nil {
			t.hideStop()
			if t.short {
				h.short.Store(true)
			}
		}
	}
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
func (h *Hold) next(limit *owntime.Limit) (ptrace.Stop, error) {
	s, err := h.poll(limit, forever)
	if errors.Is(err, ErrSlow) {
		err = h.slow()
	}
	return s, err
}

// slow is ErrSlow with the state of every thread.
func (h *Hold) slow() error {
	return fmt.Errorf("process %d: %w (%s)", h.Proc.PID, ErrSlow, h.Proc.whereabouts())
}

// poll is next, for a pause at most, without a word about who is late.
func (h *Hold) poll(limit *owntime.Limit, pause time.Duration) (ptrace.Stop, error) {
	for begun := time.Now(); ; {
		if s, ok := h.pop(); ok {
			return s, nil
		}
		left := min(limit.Pause(), pause-time.Since(begun))
		if left <= 0 {
			return ptrace.Stop{}, ErrSlow
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
	within := owntime.Within(limit)
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
		s, err := h.next(within)
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

// Pass gives the threads back as they are.
func (h *Hold) Pass() { h.release(false) }

// LetGo runs f, which continues the threads, and gives them back in one step:
// a thread that runs may be needed by another hold at once. f runs on the
// tracing thread.
func (h *Hold) LetGo(f func()) {
	h.Do(func() {
		f()
		h.giveBack(false)
	})
}

func (h *Hold) release(run bool) { h.Do(func() { h.giveBack(run) }) }

// giveBack ends the hold. Tracing thread.
func (h *Hold) giveBack(run bool) {
	f := h.Proc.Family
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
		t.hold, t.told = nil, false // the stop it may still make is nobody's: the next hold tells it anew
		switch {
		case !run || waiting[t.TID] || t.Stands || t.asks:
		case t.group && ptrace.Listen(t.TID) == nil: // it stays stopped
		default:
			_ = t.GoOn(0) // fails when it runs already: right as well
		}
		t.group = false
	}
	for _, s := range rest {
		if t := f.Thread(s.TID); t != nil && t.hold == nil && !s.Gone() {
			f.role.Stopped(t, s)
		}
	}
	h.stopAgain()
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

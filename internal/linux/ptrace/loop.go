package ptrace

import (
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Loop is one tracing thread. All ptrace requests of a family of tracees are
// made inside functions given to Do or Post, or inside the stop handler.
type Loop struct {
	handle   func(Stop)
	commands chan func()
	pending  chan struct{} // the watcher saw that a tracee has something to report
	drained  chan struct{} // the loop took all reports; the watcher may look again
	nudge    chan struct{} // there may be tracees now
	quit     chan struct{}
	once     sync.Once
	ended    chan struct{}
	early    []Stop // ends that were taken before the loop could: Seize
	thread   atomic.Int32
}

// NewLoop starts a tracing thread that calls handle for each stop, on that
// thread. handle must not wait for another stop: whatever spans several stops
// is a sequence of its own that asks for single requests through Do.
func NewLoop(handle func(Stop)) *Loop {
	l := &Loop{handle: handle, commands: make(chan func(), 256), pending: make(chan struct{}),
		drained: make(chan struct{}), nudge: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{})}
	go l.run()
	go l.watch()
	return l
}

// Do runs f on the tracing thread and waits until it has returned. It must not
// be called on that thread. After Close it does nothing and returns false.
func (l *Loop) Do(f func()) bool {
	done := make(chan struct{})
	select {
	case l.commands <- func() { f(); close(done) }:
	case <-l.ended:
		return false
	}
	select {
	case <-done:
		return true
	case <-l.ended:
		return false
	}
}

// On is Do for whoever may be on the tracing thread: there f runs at once.
func (l *Loop) On(f func()) bool {
	if unix.Gettid() == int(l.thread.Load()) {
		f()
		return true
	}
	return l.Do(f)
}

// Post runs f on the tracing thread some time later.
func (l *Loop) Post(f func()) {
	select {
	case l.commands <- f:
	case <-l.ended:
	}
}

// Close ends the loop. Tracees that are still attached are let go by the
// kernel only when the process exits.
func (l *Loop) Close() { l.once.Do(func() { close(l.quit) }) }

// Ended is closed when the loop has ended.
func (l *Loop) Ended() <-chan struct{} { return l.ended }

func (l *Loop) run() {
	runtime.LockOSThread() // never unlocked: the thread dies with its tracees
	l.thread.Store(int32(unix.Gettid()))
	defer close(l.ended)
	for {
		select {
		case <-l.quit:
			return
		case f := <-l.commands:
			f()
			l.collect()
			select {
			case l.nudge <- struct{}{}:
			default:
			}
		case <-l.pending:
			l.collect()
			select {
			case l.drained <- struct{}{}:
			case <-l.quit:
				return
			}
		}
	}
}

// collect takes every report there is.
func (l *Loop) collect() {
	for len(l.early) > 0 { // handling one may make more
		s := l.early[0]
		l.early = l.early[1:]
		l.handle(s)
	}
	for {
		tid, status, used, ok := waitAny()
		if !ok {
			return
		}
		s := decode(tid, status)
		if s.Gone() {
			s.Micros = used
		}
		l.handle(s)
	}
}

// watch sleeps in waitid without taking the report (WNOWAIT), so that the loop
// can wait for tracees and for commands at the same time. Any thread of a
// process may wait for the tracees of another of its threads.
func (l *Loop) watch() {
	for {
		if !peekAny() { // no children at all
			select {
			case <-l.nudge:
			case <-l.quit:
				return
			}
			continue
		}
		select {
		case l.pending <- struct{}{}:
		case <-l.quit:
			return
		}
		select {
		case <-l.drained:
		case <-l.quit:
			return
		}
	}
}

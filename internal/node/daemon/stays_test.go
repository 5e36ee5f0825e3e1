package daemon

import (
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/unixmsg/unixmsgtest"
	"openmosix/internal/model/supervisor"
)

// homeThatAnswers is a home supervisor that asks again when it is told so, after a while, and how often it was.
func homeThatAnswers(t *testing.T, r *homes) (*home, *atomic.Int64) {
	t.Helper()
	conn, its := unixmsgtest.Ends(t)
	h := newHome(r, 1)
	h.child = &child{conn: conn, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	r.mu.Lock()
	r.all[h] = struct{}{}
	r.mu.Unlock()
	close(h.ready)
	asks := &atomic.Int64{}
	go func() {
		for {
			var m supervisor.FromDaemon
			if _, err := its.Recv(&m); err != nil {
				return
			}
			if m.Request == nil || m.Request.Verb != supervisor.AskAgain {
				continue
			}
			time.Sleep(10 * time.Millisecond)
			asks.Add(1)
			_ = its.Send(supervisor.Event{Kind: supervisor.Several, Events: []supervisor.Event{
				{Kind: supervisor.Gone, PID: 4711}, {Kind: supervisor.Asks, ID: m.Request.ID}}})
		}
	}()
	go h.child.listen(func(e supervisor.Event) { h.event(e, nil) })
	return h, asks
}

// Who changes something goes on when all supervisors know that they have to ask, those that have not been told of
// any program are left alone.
func TestWhoIsToldThatProgramsStayIsToldOtherwise(t *testing.T) {
	d := &Daemon{homes: newHomes(procfs.FS(t.TempDir()))}
	first, asks := homeThatAnswers(t, d.homes)
	_, others := homeThatAnswers(t, d.homes)
	d.askAgain()
	if asks.Load() != 0 {
		t.Error("one is told that has not been told anything")
	}
	first.stays.Store(true)
	d.askAgain("/bin/sh")
	if asks.Load() != 1 || !first.stays.Load() {
		t.Errorf("told %d times of a kind", asks.Load())
	}
	d.askAgain()
	if asks.Load() != 2 || first.stays.Load() {
		t.Errorf("told %d times", asks.Load())
	}
	d.askAgain()
	if asks.Load() != 2 || others.Load() != 0 {
		t.Errorf("told %d and %d times", asks.Load(), others.Load())
	}
}

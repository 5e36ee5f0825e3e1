package employer

import (
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/supervisor"
)

const (
	// laterFor is how long what nobody waits for is kept at most: each packet wakes the daemon up.
	laterFor = 50 * time.Millisecond
	// laterMost events are in a packet, which has room for so many with the longest paths.
	laterMost = 16
)

// later are events that go with the next one.
//
// Lock order: sending, mu.
type later struct {
	sending sync.Mutex // held while anything is sent, so that events arrive in the order of their telling
	absent  bool       // the daemon is gone, and another one has not greeted yet; sending

	mu     sync.Mutex
	events []supervisor.Event
	told   []time.Time // when
	timer  *time.Timer
}

// add keeps an event, and has them sent when it is the first.
func (l *later) add(e supervisor.Event, send func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events, l.told = append(l.events, e), append(l.told, time.Now())
	switch {
	case len(l.events) == 1 && l.timer == nil:
		l.timer = time.AfterFunc(laterFor, send)
	case len(l.events) == 1:
		l.timer.Reset(laterFor)
	case len(l.events) == laterMost:
		l.timer.Reset(0)
	}
}

// take gives what is kept.
func (l *later) take() []supervisor.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.events) == 0 {
		return nil
	}
	l.timer.Stop()
	now := time.Now()
	for i := range l.events {
		l.events[i].Ago = now.Sub(l.told[i]).Microseconds()
	}
	events := l.events
	l.events, l.told = nil, l.told[:0]
	return events
}

// Later sends an event with the next one, or after a while: nobody waits for it. It never blocks.
func (d *Daemon) Later(e supervisor.Event) { d.later.add(e, d.Flush) }

// Flush sends what is kept for later.
func (d *Daemon) Flush() {
	d.later.sending.Lock()
	defer d.later.sending.Unlock()
	d.flush(d.later.take())
}

// errAbsent: what is told meanwhile is missed. A new daemon is to hear first that the supervisor is ready.
var errAbsent = errors.New("there is no daemon")

// send sends one packet. Precondition: later.sending is held.
func (d *Daemon) send(e supervisor.Event, files ...*os.File) error {
	if d.later.absent {
		return errAbsent
	}
	return d.line.Send(e, files...)
}

// flush sends events. Precondition: later.sending is held.
func (d *Daemon) flush(events []supervisor.Event) {
	for packet := range slices.Chunk(events, laterMost) {
		if err := d.send(together(packet)); err != nil {
			d.Log.Debug("events not delivered", "events", len(packet), "error", err)
		}
	}
}

// together are events as one, of which there is at least one.
func together(events []supervisor.Event) supervisor.Event {
	if len(events) == 1 {
		return events[0]
	}
	return supervisor.Event{Kind: supervisor.Several, Events: events}
}

// Send sends an event, behind those that were told before.
func (d *Daemon) Send(e supervisor.Event) error {
	d.later.sending.Lock()
	defer d.later.sending.Unlock()
	events := d.later.take()
	last := min(len(events), laterMost-1) // so many go with it
	d.flush(events[:len(events)-last])
	return d.send(together(append(events[len(events)-last:], e)))
}

// Give sends an event with files.
func (d *Daemon) Give(e supervisor.Event, files ...*os.File) error {
	d.later.sending.Lock()
	defer d.later.sending.Unlock()
	d.flush(d.later.take())
	return d.send(e, files...)
}

// Tell sends an event; a daemon that is gone misses it.
func (d *Daemon) Tell(e supervisor.Event) {
	if err := d.Send(e); err != nil {
		d.Log.Debug("event not delivered", "kind", e.Kind, "error", err)
	}
}

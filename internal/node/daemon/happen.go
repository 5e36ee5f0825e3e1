package daemon

import (
	"context"
	"log/slog"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

// remembered is how many events are kept for who asks what has been.
const remembered = 1000

// told is an event with what other nodes may be told of the process in it.
type told struct {
	event event.Event
	may   event.Disclosure
}

// happened is where everything worth telling goes: into the log, the metrics,
// and to those who follow. It never waits.
func (d *Daemon) happened(w event.What) { d.happenedTo(w, event.Disclosure{}) }

func (d *Daemon) happenedTo(w event.What, may event.Disclosure) {
	e := event.Event{Node: d.config.Number, What: w}
	logEvent(d.log, e)
	d.metrics.Observe(e)
	d.feed.Put(func(number uint64) told {
		e.Seq, e.Time = number, time.Now()
		return told{e, may}
	})
}

// logEvent writes an event as a line: what it is in words, its kind, and its
// fields by the names they have in JSON.
func logEvent(log *slog.Logger, e event.Event) {
	row := event.RowOf(e.What.Kind())
	level := map[event.Level]slog.Level{event.Debug: slog.LevelDebug, event.Info: slog.LevelInfo, event.Warn: slog.LevelWarn, event.Error: slog.LevelError}[e.Level()]
	attrs := []slog.Attr{slog.String("event", string(row.Kind))}
	for _, f := range e.Fields() {
		attrs = append(attrs, slog.Any(f.Name, f.Value))
	}
	log.LogAttrs(context.Background(), level, row.Title, attrs...)
}

// disclosure is what other nodes may be told of a process of this one. Of one
// that has ended nothing is known, and nothing told.
func (d *Daemon) disclosure(pid int) event.Disclosure {
	p, err := d.policies.Of(pid)
	if err != nil {
		return event.Disclosure{}
	}
	return event.Disclosure{PID: p.Disclosure >= policy.TellPID, Command: p.Disclosure >= policy.TellCommand}
}

// supervisorTold takes in what home supervisors tell of moves and losses.
func (d *Daemon) supervisorTold(e supervisor.Event) {
	switch {
	case e.Kind == supervisor.Lost:
		d.happenedTo(&event.Loss{PID: e.PID, From: e.Node, Reason: e.Text}, d.disclosure(e.PID))
	case e.Kind == supervisor.Broken:
		d.happened(&event.Link{Is: event.LinkBroken, To: e.Node, Reason: e.Text})
	case e.Kind == supervisor.Mended:
		d.happened(&event.Link{Is: event.LinkMended, To: e.Node, Took: e.Micros})
	case e.Kind == supervisor.Travels && e.Trip != nil:
		t := e.Trip
		if t.Code == supervisor.AlreadyThere {
			return // nothing has happened
		}
		m := &event.Move{Is: event.MoveBegun, Way: event.WayOf(t.From, t.To, t.Exec), PID: e.PID, Command: t.Command, From: t.From, To: t.To, Why: t.Why}
		if t.Placed {
			m.Way = event.Placed
		}
		switch {
		case t.Refused:
			m.Is = event.MoveRefused
		case t.Over && t.Code != "":
			m.Is = event.MoveFailed
		case t.Over:
			m.Is = event.Moved
			if t.From == 0 { // by one way, not by two
				d.tuning.Moved(t.To, t.Bytes, time.Duration(t.Took)*time.Microsecond)
			}
		}
		m.Frozen, m.Took, m.Bytes, m.Code, m.Reason = t.Micros, t.Took, t.Bytes, string(t.Code), t.Text
		d.happenedTo(m, d.disclosure(e.PID))
	}
}

// moveRefused tells of a move that was asked for and did not get as far as a
// supervisor. A slip of the fingers is no news.
func (d *Daemon) moveRefused(pid, to int, no control.Result) {
	switch no.Code {
	case supervisor.NoSuchProcess, supervisor.AlreadyThere, supervisor.UnknownNode, control.Ended:
		return
	}
	_, p, _ := d.homes.find(pid)
	d.happenedTo(&event.Move{Is: event.MoveRefused, Way: event.WayOf(p.Node, to, false), PID: pid, From: p.Node, To: to,
		Code: string(no.Code), Reason: no.Text}, d.disclosure(pid))
}

// moveBroken tells of a move whose supervisor had no word left for it.
func (d *Daemon) moveBroken(q supervisor.Request, result control.Result) control.Result {
	_, p, _ := d.homes.find(q.PID)
	d.happenedTo(&event.Move{Is: event.MoveFailed, Way: event.WayOf(p.Node, q.To, false), PID: q.PID, From: p.Node, To: q.To, Why: q.Why,
		Code: string(result.Code), Reason: result.Text}, d.disclosure(q.PID))
	return result
}

func (d *Daemon) guestGone(g *guest) {
	d.happened(&event.Guest{Is: event.GuestEnded, Home: g.home, HomePID: g.about.PID})
}

// swept tells how a mosctl expel or bring went.
func (d *Daemon) swept(k event.Kind, outcomes []control.Outcome) {
	s := &event.Sweep{Is: k}
	for _, o := range outcomes {
		if o.Code == "" {
			s.Moved++
		} else {
			s.Stayed++
		}
	}
	d.happened(s)
}

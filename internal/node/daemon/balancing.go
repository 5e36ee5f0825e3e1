package daemon

import (
	"context"
	"path/filepath"
	"time"

	"openmosix/internal/model/balance"
	"openmosix/internal/model/gossip"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/balancer"
	"openmosix/internal/node/census"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/peer"
)

// newBalancer gives the balancer what this daemon knows and can do.
func (d *Daemon) newBalancer() *balancer.Balancer {
	return balancer.New(balancer.Options{
		Self: d.config.Number, Proc: d.proc, Census: census.New(d.proc),
		Config:   func() config.Balance { return d.live.Load().Balance },
		Settings: d.settings.Now,
		Own:      d.report,
		Reports:  func() []gossip.Known { return d.information.Reports() },
		Link:     d.link,
		Policy:   d.policies.Of,
		Marked:   d.policies.All,
		Held:     d.heldNow,
		Guests: func(ctx context.Context) []supervisor.Proc {
			asking, cancel := context.WithTimeout(ctx, describeTimeout)
			defer cancel()
			d.guests.refresh(asking)
			return d.guests.lent()
		},
		IsGuest:  d.guests.slots.owns,
		Serves:   d.supervisors,
		Move:     d.moveByItself,
		AskAgain: func(kinds []string) { go d.askAgain(kinds...) }, // nobody waits: they are asked again soon
		Programs: filepath.Join(d.config.StateDir, "programs.json"),
		Log:      d.log,
	})
}

// supervisors are all of this node, by pid.
func (d *Daemon) supervisors() map[int]bool {
	out := make(map[int]bool)
	d.homes.mu.Lock()
	for h := range d.homes.all {
		select {
		case <-h.ready: // then child is set
			if h.child != nil {
				out[h.child.pid] = true
			}
		default:
		}
	}
	d.homes.mu.Unlock()
	d.guests.mu.Lock()
	defer d.guests.mu.Unlock()
	for _, g := range d.guests.bySession {
		if g.child != nil {
			out[g.child.pid] = true
		}
	}
	return out
}

// heldNow asks all home supervisors of their processes.
func (d *Daemon) heldNow(ctx context.Context) []supervisor.Proc {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	d.homes.refresh(ctx)
	return d.homes.procs()
}

// moveByItself makes a move that nobody asked for.
func (d *Daemon) moveByItself(ctx context.Context, m balance.Move) balancer.Outcome {
	if m.Home != d.config.Number {
		return d.sendOn(ctx, m)
	}
	to := m.To
	if to == d.config.Number {
		to = 0
	}
	q, _, no := d.plan(ctx, control.Caller{}, control.Request{Verb: control.Migrate, PID: m.PID, To: to})
	if no.Code != "" {
		return outcome(no)
	}
	q.Why, q.Urgent = m.Why.String(), m.Urgent
	return outcome(d.move(ctx, q, func(control.Progress) {}))
}

func outcome(r control.Result) balancer.Outcome {
	o := balancer.Outcome{Code: r.Code, Text: r.Text, Still: time.Duration(r.Micros) * time.Microsecond}
	if len(r.Reasons) > 0 {
		o.Reason = r.Reasons[0].Code
	}
	return o
}

// sendOn asks the home of a guest to move it elsewhere, or home.
func (d *Daemon) sendOn(ctx context.Context, m balance.Move) balancer.Outcome {
	home, known := d.nodes.Lookup(m.Home)
	if !known {
		return balancer.Outcome{Code: supervisor.UnknownNode, Text: "its home is not known here"}
	}
	to := m.To
	if to == m.Home {
		to = 0
	}
	reply, err := d.call(ctx, home, peer.Request{Fetch: &peer.Fetch{PID: m.PID, To: to, Unasked: true, Why: m.Why.String()}})
	switch {
	case err != nil:
		return balancer.Outcome{Code: supervisor.Unreachable, Text: err.Error()}
	case reply.Fetched == nil:
		return balancer.Outcome{Code: supervisor.Unreachable, Text: "its home does not understand: " + reply.Error}
	}
	f := reply.Fetched
	return balancer.Outcome{Code: f.Code, Text: f.Text, Still: time.Duration(f.Micros) * time.Microsecond}
}

// maySendOn tells why a process of ours is not moved on by the balancer of the
// node it runs on; no code: it may be.
func (d *Daemon) maySendOn(pid int) control.Result {
	p, err := d.policies.Of(pid)
	switch {
	case err != nil:
		return failed(supervisor.NoSuchProcess, "no such process")
	case p.Lock:
		return failed(supervisor.CannotMove, "it is locked at home")
	}
	if left := d.balancer.Left(pid); left != "" {
		return failed(supervisor.CannotMove, "its home leaves it where it is: %s", left)
	}
	return control.Result{}
}

// verdict is what the balancer thinks of a process of this node, for people.
func (d *Daemon) verdict(pid int) *control.Balance {
	v, ago, known := d.balancer.Explain(pid)
	if !known {
		return &control.Balance{Text: "nothing was found to be gained by moving it: it uses little CPU time and memory"}
	}
	out := numbers(v.Explanation)
	out.Text, out.AgoMillis = v.String(), ago.Milliseconds()
	return out
}

// numbers are those of an explanation, and its words.
func numbers(e balance.Explanation) *control.Balance {
	return &control.Balance{
		Rule: string(e.Rule), Text: e.String(), Node: e.Where, To: e.To, Here: e.Here, There: e.There,
		Gain: e.Gain.Seconds(), Price: e.Price.Seconds(), Life: e.Life.Seconds(), Refused: string(e.Refused),
		AgeMillis: e.Age.Milliseconds(),
	}
}

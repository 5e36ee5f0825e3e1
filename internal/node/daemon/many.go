package daemon

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/peer"
)

const (
	// movesAtOnce bounds how many processes one request moves at the same time:
	// more would only share the same link.
	movesAtOnce = 4
	// memoryAtOnce bounds what memory those have together, if they are several. A process that writes
	// is sent again what it wrote meanwhile: several that share a slow link write as fast as they are
	// sent, and all of their memory goes twice.
	memoryAtOnce = 64 << 20
	// expelRounds bounds how often it is looked for guests that were forked, or
	// had been granted before the node was blocked.
	expelRounds = 5
	// expelPause lets supervisors tell of what has just changed.
	expelPause = 200 * time.Millisecond
)

// expel has the homes of all guests fetch them, and waits.
func (d *Daemon) expel(ctx context.Context, tell func(control.Progress)) []control.Outcome {
	var all []control.Outcome
	hidden := make(map[int]bool)
	show := func(p control.Progress) {
		if hidden[p.PID] {
			p.PID = 0
		}
		tell(p)
	}
	for round := range expelRounds {
		asking, cancel := context.WithTimeout(ctx, describeTimeout)
		d.guests.refresh(asking)
		cancel()
		guests := d.guests.lent()
		maps.Copy(hidden, d.guests.undisclosed())
		left := slices.DeleteFunc(guests, func(p supervisor.Proc) bool { return gives(p) || refusedBefore(all, p) })
		if len(left) == 0 && len(d.guests.list()) == 0 || !d.settings.Now().Block {
			break
		}
		if round > 0 {
			time.Sleep(expelPause)
		}
		all = append(all, each(left, show, func(p supervisor.Proc) control.Outcome {
			if !d.settings.Now().Block {
				return notBegun(control.Outcome{PID: p.HomePID, Home: p.Node, Node: d.config.Number}, "the node takes guests again (noblock)")
			}
			return d.sendOff(ctx, p)
		})...)
	}
	for _, p := range d.awaitGiven(ctx, all, show) {
		all = append(all, control.Outcome{PID: p.HomePID, Home: p.Node, Node: d.config.Number, Code: supervisor.Busy,
			Text: "it runs elsewhere, but part of its memory is still here"})
	}
	all = settled(all)
	for i := range all {
		if hidden[all[i].PID] {
			all[i].PID = 0
		}
	}
	return all
}

// gives tells of a guest that has gone on and is still needed here for its memory.
func gives(p supervisor.Proc) bool { return p.State == supervisor.StateGiving }

// awaitGiven waits until all that has gone on has fetched its memory from here, and returns what has not.
func (d *Daemon) awaitGiven(ctx context.Context, all []control.Outcome, tell func(control.Progress)) []supervisor.Proc {
	ctx, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	left := stillGiving(d.guests.lent(), all)
	for most := len(left); len(left) > 0; left = stillGiving(d.guests.lent(), all) {
		most = max(most, len(left))
		tell(control.Progress{PID: left[0].HomePID, Phase: control.PhaseGiving, Done: uint64(most - len(left)), Total: uint64(most)})
		select {
		case <-ctx.Done():
			return left
		case <-time.After(expelPause):
		}
		asking, cancel := context.WithTimeout(ctx, describeTimeout)
		d.guests.refresh(asking)
		cancel()
	}
	return nil
}

// stillGiving lists what has gone on and is still needed here. A move that is known to have failed is not
// waited for: its supervisor waits for a home that may not come back, for minutes.
func stillGiving(guests []supervisor.Proc, all []control.Outcome) []supervisor.Proc {
	return slices.DeleteFunc(guests, func(p supervisor.Proc) bool { return !gives(p) || refusedBefore(all, p) })
}

// refusedBefore tells whether it was tried in vain: once more will not help.
func refusedBefore(all []control.Outcome, p supervisor.Proc) bool {
	return slices.ContainsFunc(all, func(o control.Outcome) bool {
		return o.Code != "" && o.Code != supervisor.Busy && o.PID == p.HomePID && o.Home == p.Node
	})
}

// settled leaves the last outcome of each process, without those that ended by
// themselves: they are gone, which is what was wanted.
func settled(all []control.Outcome) []control.Outcome {
	all = slices.DeleteFunc(all, func(o control.Outcome) bool {
		return o.Code == supervisor.NoSuchProcess || o.Code == control.Ended || o.Code == supervisor.AlreadyThere
	})
	var out []control.Outcome
	for i, o := range all {
		if !slices.ContainsFunc(all[i+1:], func(p control.Outcome) bool { return p.PID == o.PID && p.Home == o.Home }) {
			out = append(out, o)
		}
	}
	return out
}

func (d *Daemon) sendOff(ctx context.Context, p supervisor.Proc) control.Outcome {
	o := control.Outcome{PID: p.HomePID, Home: p.Node, Node: d.config.Number}
	home, known := d.nodes.Lookup(p.Node)
	if !known {
		o.Code, o.Text = supervisor.UnknownNode, "its home is not known here"
		return o
	}
	reply, err := d.call(ctx, home, peer.Request{Fetch: &peer.Fetch{PID: p.HomePID}})
	switch {
	case err != nil:
		o.Code, o.Text = supervisor.Unreachable, err.Error()
	case reply.Fetched == nil:
		o.Code, o.Text = supervisor.Unreachable, "its home does not understand"
	default:
		o.Code, o.Text = reply.Fetched.Code, reply.Fetched.Text
	}
	return o
}

// bring fetches all of this node's processes home, and waits.
func (d *Daemon) bring(ctx context.Context, tell func(control.Progress)) []control.Outcome {
	away := slices.DeleteFunc(d.homes.procs(), func(p supervisor.Proc) bool { return p.Node == 0 && p.State != "moving" })
	return settled(each(away, tell, func(p supervisor.Proc) control.Outcome {
		if !d.settings.Now().LStay {
			return notBegun(control.Outcome{PID: p.PID, Home: d.config.Number, Node: p.Node}, "its node lets its processes leave again (nolstay)")
		}
		r := d.move(ctx, supervisor.Request{Verb: supervisor.MoveTo, PID: p.PID}, func(control.Progress) {})
		return control.Outcome{PID: p.PID, Home: d.config.Number, Node: p.Node, Code: r.Code, Text: r.Text}
	}))
}

// notBegun is the outcome of a move that is not wanted any more.
func notBegun(o control.Outcome, why string) control.Outcome {
	o.Code, o.Text = supervisor.Cancelled, "not begun: "+why
	return o
}

// each moves some at a time and tells how many are done.
func each(procs []supervisor.Proc, tell func(control.Progress), move func(supervisor.Proc) control.Outcome) []control.Outcome {
	out := make([]control.Outcome, len(procs))
	places := newPlaces()
	var group sync.WaitGroup
	var mu sync.Mutex
	done := uint64(0)
	for i, p := range procs {
		places.take(p.RSS)
		group.Go(func() {
			defer places.leave(p.RSS)
			out[i] = move(p)
			mu.Lock()
			defer mu.Unlock()
			done++
			tell(control.Progress{PID: out[i].PID, Phase: control.PhaseOneOfMany, Done: done, Total: uint64(len(procs))})
		})
	}
	group.Wait()
	return out
}

// places are those of processes on their way.
type places struct {
	mu     sync.Mutex
	left   *sync.Cond // one has left
	moves  int
	memory uint64
}

func newPlaces() *places {
	p := &places{}
	p.left = sync.NewCond(&p.mu)
	return p
}

// take waits for a place for a process with so much memory.
func (p *places) take(memory uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.moves >= movesAtOnce || p.moves > 0 && p.memory+memory > memoryAtOnce {
		p.left.Wait()
	}
	p.moves++
	p.memory += memory
}

func (p *places) leave(memory uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moves--
	p.memory -= memory
	p.left.Signal()
}

package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/control"
	"openmosix/internal/node/feed"
	"openmosix/internal/node/peer"
)

// Who may see what: a user of this machine sees the events of this node as they
// are, as ps shows him all processes. Other nodes are told of a process what its
// disclosure allows (event.For), and tell their users that.

const (
	// maxWatchers bounds the nodes' followers of this one at a time.
	maxWatchers = 256
	// askAgain is how long a node that is not heard is left alone, and how often
	// it is looked for nodes that have come or gone.
	askAgain = time.Second
)

// newRun names a run of a daemon, so that the numbers of its events are not
// taken for those of an earlier one.
func newRun() string { return rand.Text() }

// reader is a place in this node's events.
func (d *Daemon) reader(since time.Duration) *feed.Reader[told] {
	if since <= 0 {
		return d.feed.FromNow()
	}
	begin := time.Now().Add(-since)
	return d.feed.From(func(t told) bool { return !t.event.Time.Before(begin) })
}

// watched does peer.Watch: it tells another node what happens here.
func (d *Daemon) watched(from trust.Name, w peer.Watch) peer.Reply {
	var r *feed.Reader[told]
	if w.Run == d.run {
		r = d.feed.After(w.After)
	} else {
		r = d.reader(time.Duration(w.Since) * time.Millisecond)
	}
	if d.watchers.Add(1) > maxWatchers {
		d.watchers.Add(-1)
		return peer.Reply{Error: fmt.Sprintf("node %d is followed by too many already", d.config.Number)}
	}
	return peer.Reply{Stream: func(ctx context.Context, tell func(peer.Told) error) error {
		defer d.watchers.Add(-1)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-d.over:
				cancel()
			case <-ctx.Done():
			}
		}()
		if err := tell(peer.Told{Run: d.run}); err != nil {
			return err
		}
		for {
			t, missed, err := r.Next(ctx)
			if err != nil {
				return err
			}
			word := peer.Told{Run: d.run, Missed: missed}
			if missed == 0 {
				e := t.event.For(from.Node, t.may)
				word.Event = &e
			}
			if err := tell(word); err != nil {
				return err
			}
		}
	}}
}

// watch does control.Events.
func (d *Daemon) watch(ctx context.Context, r control.Request) control.Result {
	w := control.Watch{}
	if r.Watch != nil {
		w = *r.Watch
	}
	for _, k := range w.Kinds {
		if !event.Known(k) {
			return failed(control.BadRequest, "there is no kind of events called %q", string(k))
		}
	}
	to, no := d.nodeOf(ctx, r)
	if no.Code != "" {
		return no
	}
	if _, known := d.nodes.Lookup(to); to != 0 && !known {
		return failed(supervisor.UnknownNode, "unknown node %d (`openmosix nodes` lists them)", to)
	}
	f := &following{d: d, kinds: w.Kinds, since: time.Duration(w.Since) * time.Millisecond, begun: time.Now(), out: feed.New[event.Event](remembered)}
	f.all = f.out.FromNow()
	return control.Result{Stream: func(ctx context.Context, tell func(event.Event) error) control.Result {
		return f.run(ctx, to, w.All, tell)
	}}
}

// following is the events of several nodes on their way to one client. They
// meet in a ring of its own: a client that does not read holds up no node.
type following struct {
	d     *Daemon
	kinds []event.Kind
	since time.Duration
	begun time.Time
	out   *feed.Feed[event.Event]
	all   *feed.Reader[event.Event]
	// missed counts what was overwritten before it came here; the client is told
	// before the next event.
	missed atomic.Uint64
}

func (f *following) run(ctx context.Context, node int, all bool, tell func(event.Event) error) control.Result {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	if all || node == 0 {
		r := f.d.reader(f.since)
		group.Go(func() { f.here(ctx, r) })
	}
	switch {
	case all:
		group.Go(func() { f.everywhere(ctx) })
	case node != 0:
		group.Go(func() { f.there(ctx, node) })
	}
	for {
		e, missed, err := f.all.Next(ctx)
		if err != nil {
			return failed(supervisor.Internal, "the node's daemon ends")
		}
		if gap := missed + f.missed.Swap(0); gap > 0 {
			if err := tell(f.remark(&event.Gap{Count: gap})); err != nil {
				return failed(supervisor.Internal, "%v", err)
			}
		}
		if missed > 0 {
			continue // and there is no event yet
		}
		if err := tell(e); err != nil {
			return failed(supervisor.Internal, "%v", err)
		}
	}
}

// put passes an event on, if it is wanted.
func (f *following) put(e event.Event) {
	if k := e.What.Kind(); len(f.kinds) == 0 || slices.Contains(f.kinds, k) || event.RowOf(k).Remark {
		f.out.Put(func(uint64) event.Event { return e })
	}
}

func (f *following) remark(w event.What) event.Event {
	return event.Event{Time: time.Now(), Node: f.d.config.Number, What: w}
}

// here follows this node.
func (f *following) here(ctx context.Context, r *feed.Reader[told]) {
	for {
		t, missed, err := r.Next(ctx)
		switch {
		case err != nil:
			return
		case missed > 0:
			f.missed.Add(missed)
		default:
			f.put(t.event)
		}
	}
}

// everywhere follows all other nodes there are at a time.
func (f *following) everywhere(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	followed := map[int]context.CancelFunc{}
	for {
		known := map[int]bool{f.d.config.Number: true}
		for _, p := range f.d.nodes.List() {
			known[p.Number] = true
			if p.Number == f.d.config.Number || followed[p.Number] != nil {
				continue
			}
			one, cancel := context.WithCancel(ctx)
			followed[p.Number] = cancel
			group.Go(func() { f.there(one, p.Number) })
		}
		for number, cancel := range followed {
			if !known[number] {
				cancel()
				delete(followed, number)
			}
		}
		if !pause(ctx, askAgain) {
			return
		}
	}
}

// there follows another node until ctx ends, through its restarts.
func (f *following) there(ctx context.Context, node int) {
	var at peer.Watch
	silent := false
	for {
		heard := func(t peer.Told) {
			if t.Run != "" && (silent || at.Run != "" && t.Run != at.Run) {
				silent = false
				f.put(f.remark(&event.Silence{Is: event.Heard, Of: node, Restarted: at.Run != "" && t.Run != at.Run}))
			}
			if t.Run != "" && t.Run != at.Run {
				at.Run, at.After = t.Run, 0
			}
			f.missed.Add(t.Missed)
			if t.Event != nil && t.Event.What != nil {
				at.After = t.Event.Seq
				t.Event.Node = node // it speaks for itself alone
				f.put(*t.Event)
			}
		}
		// Of what it was before this following began as much as was asked for; of a
		// new daemon everything.
		at.Since = (time.Since(f.begun) + f.since).Milliseconds()
		err := f.d.listenTo(ctx, node, at, heard)
		if ctx.Err() != nil {
			return
		}
		if !silent {
			silent = true
			f.put(f.remark(&event.Silence{Is: event.Silent, Of: node, Reason: err.Error()}))
		}
		if !pause(ctx, askAgain) {
			return
		}
	}
}

func (d *Daemon) listenTo(ctx context.Context, node int, w peer.Watch, heard func(peer.Told)) error {
	p, known := d.nodes.Lookup(node)
	switch {
	case !known:
		return errors.New("it has left")
	case d.isDown(node):
		return errors.New("it does not answer the other nodes")
	}
	id, err := d.identity(trust.Daemon)
	if err != nil {
		return err
	}
	way, err := d.wayTo(ctx, p.Address)
	if err != nil {
		return err
	}
	return peer.Listen(ctx, p.Number, way, id, w, heard)
}

// pause is false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

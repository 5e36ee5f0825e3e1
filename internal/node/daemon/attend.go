package daemon

import (
	"cmp"
	"context"
	"sync"
	"time"

	"openmosix/internal/model/balance"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// mosrun has the process that is about to become a command attended: its home
// supervisor follows it and all that it starts, and asks here where each program
// they execute is to run.

// firstPlaces are the nodes that mosrun was told, for the programs that attended
// processes execute next.
type firstPlaces struct {
	mu sync.Mutex
	of map[int]int // by pid
}

func (f *firstPlaces) set(pid, node int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = make(map[int]int)
	}
	f.of[pid] = node
}

func (f *firstPlaces) take(pid int) (node int, told bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	node, told = f.of[pid]
	delete(f.of, pid)
	return node, told
}

// attendTimeout bounds the start of a supervisor and its attaching.
const attendTimeout = 15 * time.Second

// attend does control.Attend.
func (d *Daemon) attend(ctx context.Context, who control.Caller, r control.Request) control.Result {
	start, no := d.startOf(r.PID)
	if no.Code != "" {
		return no
	}
	if _, no := d.examine(who, r.PID); no.Code != "" {
		return no
	}
	if no := d.mayGo(r.PID, r.To); no.Code != "" {
		return no
	}
	if r.To != 0 && r.To != d.config.Number {
		if _, known := d.nodes.Lookup(r.To); !known {
			return failed(supervisor.UnknownNode, "unknown node %d (`openmosix nodes` lists them)", r.To)
		}
	}
	if _, _, held := d.homes.find(r.PID); !held { // else a mosrun around it has asked
		ctx, cancel := context.WithTimeout(ctx, attendTimeout)
		defer cancel()
		h, _, err := d.supervisorOf(ctx, r.PID)
		if err != nil {
			return failed(supervisor.Internal, "%v", err)
		}
		e, err := h.request(ctx, supervisor.Request{Verb: supervisor.Attend, PID: r.PID, Start: start}, func(supervisor.Event) {})
		if err != nil {
			return failed(supervisor.Internal, "%v", err)
		}
		if e.Kind == supervisor.Failed {
			return failed(e.Code, "it cannot be attended: %s", e.Text)
		}
	}
	if r.To != 0 {
		d.first.set(r.PID, r.To)
		d.askAgain()
	}
	return control.Result{}
}

// placeFor answers a home supervisor that holds a process at the beginning of a
// program.
func (d *Daemon) placeFor(h *home, e supervisor.Event) {
	p := supervisor.Placed{ID: e.ID}
	to, stays := d.placeOf(e)
	if to != 0 && to != d.config.Number {
		if node, known := d.nodes.Lookup(to); known && !d.isDown(to) && freshMayMove(e.PID) {
			p.Node, p.Addr = to, node.Address
		}
	} else if p.Stays = stays; stays != nil {
		h.stays.Store(true)
	}
	h.child.answer(supervisor.FromDaemon{Placed: &p})
}

// placeOf decides where a program begins that was executed on node e.Node (0:
// here), and which others begin here as well. What is locked stays where it is.
func (d *Daemon) placeOf(e supervisor.Event) (int, *supervisor.Stays) {
	to, told := d.first.take(e.PID)
	if told {
		return to, nil
	}
	sort := cmp.Or(e.Sort, e.Text)
	to, why := d.balancer.Place(e.PID, e.Text, sort)
	switch {
	case why.Rule == balance.Locked: // and so is what it starts, until somebody says otherwise
		return e.Node, &supervisor.Stays{Whose: supervisor.Process, For: lockedFor}
	case why.Rule == balance.Cannot, to != d.config.Number:
		return to, nil
	}
	s, stays := d.balancer.Stays(e.Text, sort)
	switch {
	case !stays:
		return to, nil
	case s.All:
		return to, &supervisor.Stays{Whose: supervisor.Family, For: s.For}
	}
	return to, &supervisor.Stays{Whose: supervisor.Kinds, For: s.For, Most: s.Most}
}

// lockedFor is for how long it is not asked about what a process starts that is locked. What it starts
// later asks each by itself.
const lockedFor = time.Hour

// wentOn notes that a program has begun here, as Stays has said.
func (d *Daemon) wentOn(e supervisor.Event) {
	d.balancer.WentOn(e.PID, e.Text, cmp.Or(e.Sort, e.Text), ago(e))
}

func ago(e supervisor.Event) time.Duration { return time.Duration(max(e.Ago, 0)) * time.Microsecond }

// askTimeout bounds how long somebody who has changed something waits until supervisors know.
const askTimeout = 2 * time.Second

// askAgain takes back what was said of programs that stay here, of kinds or, if none is named, of all. When it
// returns, supervisors ask.
func (d *Daemon) askAgain(kinds ...string) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	var group sync.WaitGroup
	for _, h := range d.homes.list() {
		told := h.stays.Load()
		if len(kinds) == 0 {
			told = h.stays.Swap(false)
		}
		if !told {
			continue
		}
		group.Go(func() {
			if _, err := h.request(ctx, supervisor.Request{Verb: supervisor.AskAgain, Sorts: kinds}, func(supervisor.Event) {}); err != nil {
				h.child.log.Debug("it is not known whether this supervisor asks again", "error", err)
			}
		})
	}
	group.Wait()
}

// began notes that a program runs where it was placed.
func (d *Daemon) began(e supervisor.Event) { d.balancer.Began(e.PID) }

// stayed notes that a program could not begin where it was to.
func (d *Daemon) stayed(e supervisor.Event) {
	d.balancer.Stayed(e.PID)
	d.log.Debug("a program begins at home", "process", e.PID, "node", e.Node, "why", e.Text)
}

// finished notes what a program has used.
func (d *Daemon) finished(e supervisor.Event) {
	d.balancer.Finished(e.PID, e.Text, time.Duration(e.Micros)*time.Microsecond, e.Sent, ago(e))
}

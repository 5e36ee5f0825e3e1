package daemon

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"openmosix/internal/model/load"
	"openmosix/internal/model/roster"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/tally"
	"openmosix/internal/node/metrics"
)

// Figures of forwarded calls live in the home supervisors and are asked for
// when somebody reads the metrics; of a supervisor that has ended the last ones
// are kept.

// calls are figures of forwarded calls, by the number of the call.
type calls struct{ seen, done tally.Sum }

func newCalls() calls { return calls{tally.Sum{}, tally.Sum{}} }

// replace takes in rows that a supervisor has told. A home supervisor is
// trusted, its rows are not worth an error.
func (c calls) replace(told *supervisor.Calls) {
	if told == nil || tally.Validate(told.Seen) != nil || tally.Validate(told.Done) != nil {
		return
	}
	for _, row := range told.Seen {
		c.seen[row.Nr] = row
	}
	for _, row := range told.Done {
		c.done[row.Nr] = row
	}
}

func (c calls) add(other calls) {
	c.seen.Add(other.seen.List())
	c.done.Add(other.done.List())
}

// calls are those of all supervisors there are and were.
func (r *homes) calls() calls {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := newCalls()
	sum.add(r.ended)
	for h := range r.all {
		sum.add(h.calls)
	}
	return sum
}

// refresh asks all home supervisors. Those that do not answer before ctx ends
// stay as they were last heard of.
func (r *homes) refresh(ctx context.Context) {
	var group sync.WaitGroup
	for _, h := range r.list() {
		group.Go(func() {
			_, _ = h.request(ctx, supervisor.Request{Verb: supervisor.Describe}, func(supervisor.Event) {})
		})
	}
	group.Wait()
}

// measured are the metrics' figures of this moment.
func (d *Daemon) measured() metrics.Figures {
	ctx, cancel := context.WithTimeout(context.Background(), describeTimeout)
	defer cancel()
	d.homes.refresh(ctx)
	now := d.measure.Now()
	f := metrics.Figures{Nodes: map[string]int{string(roster.Up): 0, string(roster.Down): 0, string(roster.Unheard): 0},
		Utilisation: now.Used, Speed: speedOf(d.settings.Now(), now), CPUs: runtime.NumCPU(),
		Guests: len(d.guests.list()), Refused: d.refusedCount()}
	f.Load = load.Of(now.Demand, now.CPUs, f.Speed)
	for _, p := range d.nodes.List() {
		state := roster.Unheard
		if n, known := d.table.Node(p.Number); known {
			state = n.State
		}
		f.Nodes[string(state)]++
	}
	// A figure that cannot be read is 0; why is told where it is needed.
	f.MemTotal, f.MemAvailable, _ = d.machine.Memory()
	f.MemLendable, _ = d.memoryForGuests()
	for _, p := range d.homes.procs() {
		if p.Node != 0 {
			f.Away++
		}
		if p.State == "moving" {
			f.Moving++
		}
	}
	kept := d.guests.keeps.Counts()
	f.KeptFiles, f.KeptBytes = kept.Files, kept.Bytes
	_, f.HeldBytes = d.guests.holdings.held()
	f.KeptAsked = map[string]uint64{"found": kept.Found, "absent": kept.Absent, "kept": kept.Kept, "damaged": kept.Damaged}
	all := d.homes.calls()
	f.Seen, f.Done = all.seen.List(), all.done.List()
	return f
}

// headerTimeout bounds what a reader of metrics can hold up.
const headerTimeout = 5 * time.Second

// serveMetrics lets metrics be read until ctx ends. A node without them is a
// node all the same.
func (d *Daemon) serveMetrics(ctx context.Context) {
	if d.config.Metrics == "" {
		return
	}
	listener, err := net.Listen("tcp", d.config.Metrics)
	if err != nil {
		d.log.Warn("metrics cannot be read (the setting metrics says where)", "error", err)
		return
	}
	server := &http.Server{Handler: d.metrics.Handler(d.log), ReadHeaderTimeout: headerTimeout, WriteTimeout: time.Minute, IdleTimeout: time.Minute}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		d.log.Warn("metrics cannot be read any more", "error", err)
	}
}

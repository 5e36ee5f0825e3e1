package daemon

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"openmosix/internal/linux/terminal"
	"openmosix/internal/model/owner"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/lodging"
	"openmosix/internal/node/measure"
)

const (
	// ownerEvery is the time between two looks at what the owner wants.
	ownerEvery = time.Second
	// calmTime is how long there must have been room for a guest, after some had
	// to leave, until others are taken.
	calmTime = 15 * time.Second
	// vainTime is how long a guest that could not be sent home is left alone.
	vainTime = 10 * time.Second
	// leaveTime bounds one guest's way home.
	leaveTime = 3 * time.Minute
)

// ownersWishes is what the node does for its owner. The fields after mu are
// guarded by it; the others are the watching goroutine's.
type ownersWishes struct {
	state owner.State
	used  map[*guest]time.Duration // CPU time at the last look
	vain  map[*guest]time.Time     // could not leave then

	mu      sync.Mutex
	phase   owner.Phase
	closed  string // why no guests are taken by the clock or for who is here
	wanted  string // why none are taken for what is wanted
	leaving map[*guest]bool
}

// refuses tells why no guests are taken just now; empty: they are.
func (o *ownersWishes) refuses() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed != "" {
		return o.closed
	}
	return o.wanted
}

func (o *ownersWishes) now() (phase owner.Phase, leaving int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.phase, len(o.leaving)
}

// ownerStatus is what is told of that.
func (d *Daemon) ownerStatus() control.Owner {
	phase, leaving := d.owner.now()
	return control.Owner{Phase: phase.String(), Leaving: leaving, Refuses: d.owner.refuses(), Limits: d.house.Describe() + "; " + lodging.Secluded()}
}

// watchOwner looks once a second whether guests are in the owner's way. While
// there are none, and none had to leave, it looks at the clock and for a reload only.
func (d *Daemon) watchOwner(ctx context.Context) {
	o := &d.owner
	o.used, o.vain, o.leaving = map[*guest]time.Duration{}, map[*guest]time.Time{}, map[*guest]bool{}
	ticker := time.NewTicker(ownerEvery)
	defer ticker.Stop()
	last := time.Now()
	var settings *config.Config
	for {
		now, guests := time.Now(), d.guests.list()
		// Memory that is added or taken away changes the limits, and a reload; while there are
		// no guests the first of these waits until one is lent to.
		if live := d.live.Load(); live != settings || len(guests) > 0 {
			d.house.Configure(d.limits())
			settings = live
		}
		d.lookAfterOwner(ctx, guests, now, now.Sub(last))
		d.keepWithin(now)
		last = now
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// lookAfterOwner is one look.
func (d *Daemon) lookAfterOwner(ctx context.Context, guests []*guest, now time.Time, passed time.Duration) {
	o := &d.owner
	closed := d.closed(now)
	if len(guests) == 0 && o.state.Phase == owner.Free {
		o.state = owner.State{}
		o.set(closed, owner.Actions{Accept: true}, owner.Free)
		return
	}
	in, err := d.ownersInput(guests)
	if err != nil {
		d.log.Warn("it is not known what the owner of this node wants", "error", err)
		return
	}
	before := o.state.Phase
	g := d.live.Load().Guests
	var a owner.Actions
	// One look says nothing of a time in which this daemon did not get to look.
	passed = min(passed, ownerEvery)
	o.state, a = o.state.Step(in, owner.Rules{First: g.OwnerFirst, After: time.Duration(g.OwnerSeconds) * time.Second, Calm: calmTime}, passed)
	o.set(closed, a, o.state.Phase)
	if o.state.Phase != before {
		d.log.Info("owner and guests", "are", o.state.Phase, "were", before, "owner's threads", in.Owner, "guests' threads", in.Guests, "CPUs", in.CPUs)
	}
	d.house.Throttle(a.CPUs)
	used := o.usage(guests)
	switch {
	case closed != "":
		for _, g := range guests {
			d.letGo(ctx, g, closed)
		}
	case a.Leave == owner.Largest:
		d.letGo(ctx, o.most(guests, func(g *guest) float64 { return float64(d.sizeOf(g)) }), a.Why)
	case a.Leave == owner.Busiest:
		d.letGo(ctx, o.most(guests, func(g *guest) float64 { return float64(used[g]) }), a.Why)
	}
}

func (o *ownersWishes) set(closed string, a owner.Actions, phase owner.Phase) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.phase, o.wanted = closed, phase, ""
	if !a.Accept {
		o.wanted = "its owner wants the CPUs just now (guests.owner_first)"
	}
}

// ownersInput is what is seen now. What it finds of guests it makes nice, where
// there is no control group to do so.
func (d *Daemon) ownersInput(guests []*guest) (owner.Input, error) {
	var roots []int
	for _, g := range guests {
		roots = append(roots, g.child.pid)
	}
	split, err := measure.Of(d.proc, roots, os.Getpid())
	if err != nil {
		return owner.Input{}, err
	}
	for _, g := range guests {
		g.room.Tame(split.Trees[g.child.pid])
		g.mourn()
	}
	_, available, err := d.machine.Memory()
	if err != nil {
		return owner.Input{}, err
	}
	_, leaving := d.owner.now()
	return owner.Input{CPUs: runtime.NumCPU(), Owner: split.Owner, Guests: split.Guests, Present: len(guests), Leaving: leaving > 0,
		Available: available, Spare: d.live.Load().Guests.Spare << 20}, nil
}

// closed tells why no guests are taken at this time; empty: they are.
func (d *Daemon) closed(now time.Time) string {
	g := d.live.Load().Guests
	if !g.Open().Hold(now.Weekday(), now.Hour(), now.Minute()) {
		return fmt.Sprintf("it takes guests only at certain hours: %s (guests.hours)", g.Hours)
	}
	idle := time.Duration(g.OwnerIdleMinutes) * time.Minute
	if idle > 0 && now.Sub(terminal.LastInput("/dev")) < idle {
		return fmt.Sprintf("somebody works at a terminal of it: it takes guests when nobody has for %d minutes (guests.owner_idle_minutes)", g.OwnerIdleMinutes)
	}
	return ""
}

// usage is what each guest has used since the last look.
func (o *ownersWishes) usage(guests []*guest) map[*guest]time.Duration {
	all, since := make(map[*guest]time.Duration, len(guests)), make(map[*guest]time.Duration, len(guests))
	for _, g := range guests {
		cpu, _, _ := g.room.Usage()
		all[g], since[g] = cpu, cpu-o.used[g]
	}
	o.used = all
	return since
}

// sizeOf is how much memory leaves with a guest.
func (d *Daemon) sizeOf(g *guest) uint64 {
	if _, memory, known := g.room.Usage(); known && memory > 0 {
		return memory
	}
	var sum uint64
	for _, p := range d.guests.of(g) {
		sum += p.RSS
	}
	return sum
}

// most finds the guest of which there is most, among those who can leave.
func (o *ownersWishes) most(guests []*guest, size func(*guest) float64) *guest {
	var best *guest
	most := -1.0
	for _, g := range guests {
		if n := size(g); n > most && time.Since(o.vain[g]) >= vainTime {
			best, most = g, n
		}
	}
	return best
}

package daemon

import (
	"context"
	"slices"
	"time"

	"openmosix/internal/node/control"
)

// letGo has a guest's home fetch its processes, in the background; nil: nobody.
// One that could not leave is left alone for a while.
func (d *Daemon) letGo(ctx context.Context, g *guest, why string) {
	o := &d.owner
	if g == nil || time.Since(o.vain[g]) < vainTime {
		return
	}
	for gone := range o.vain { // those that have ended are forgotten
		select {
		case <-gone.ended:
			delete(o.vain, gone)
		default:
		}
	}
	o.mu.Lock()
	going := o.leaving[g]
	o.leaving[g] = true
	o.mu.Unlock()
	if going {
		return
	}
	o.vain[g] = time.Now()
	over := d.guests.hasten(g)
	go func() {
		defer func() {
			over()
			o.mu.Lock()
			defer o.mu.Unlock()
			delete(o.leaving, g)
		}()
		ctx, cancel := context.WithTimeout(ctx, leaveTime)
		defer cancel()
		d.sendGuestOff(ctx, g, why)
	}()
}

// sendGuestOff sends off what the guest has until there is nothing left.
func (d *Daemon) sendGuestOff(ctx context.Context, g *guest, why string) {
	begun := time.Now()
	var all []control.Outcome
	for round := range expelRounds {
		asking, cancel := context.WithTimeout(ctx, describeTimeout)
		d.guests.refresh(asking)
		cancel()
		here := slices.DeleteFunc(d.guests.of(g), gives)
		for _, p := range here {
			if !refusedBefore(all, p) {
				all = append(all, d.sendOff(ctx, p))
			}
		}
		// A session that is kept for the next process does not end with the last one.
		if len(here) == 0 && round > 0 && len(all) == 0 {
			return // it was empty
		}
		select {
		case <-g.ended:
			here = nil
		default:
		}
		if len(here) == 0 && len(all) > 0 {
			g.child.log.Info("a guest was sent home", "home", g.home, "process", g.about.PID, "why", why, "seconds", time.Since(begun).Seconds())
			return
		}
		select {
		case <-g.ended:
		case <-ctx.Done():
			return
		case <-time.After(expelPause):
		}
	}
	for _, o := range settled(all) {
		if o.Code != "" {
			g.child.log.Warn("a guest cannot be sent home", "home", o.Home, "process", o.PID, "code", o.Code, "reason", o.Text, "why", why)
		}
	}
}

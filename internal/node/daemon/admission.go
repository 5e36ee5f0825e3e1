package daemon

import (
	"context"
	"fmt"
	"time"

	"openmosix/internal/model/load"
	"openmosix/internal/node/config"
)

// A guest that was just taken does not show in the figures yet, which are
// smoothed: it is counted for the rest.

// unseen is how many processes' worth of the guests is not in the figures.
func (r *guests) unseen() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := 0.0
	for _, g := range r.bySession {
		sum += load.Unseen(time.Since(g.since))
	}
	return sum
}

// busy tells why this node is too busy for one guest more; empty: it is not.
func (d *Daemon) busy() string {
	g, now, unseen := d.live.Load().Guests, d.measure.Now(), d.guests.unseen()
	if g.LoadLimit > 0 {
		if with := load.Of(now.Demand+unseen+1, now.CPUs, speedOf(d.settings.Now(), now)); with > g.LoadLimit {
			return fmt.Sprintf("its load would be above its limit, %.2f (guests.load_limit)", g.LoadLimit)
		}
	}
	if g.CPUPercent > 0 {
		if used := 100 * (d.guestCPU.Now() + unseen) / float64(max(now.CPUs, 1)); used >= nearly*float64(g.CPUPercent) {
			return fmt.Sprintf("its guests use the %d%% of its processors that they may (guests.cpu_percent)", g.CPUPercent)
		}
	}
	return ""
}

// nearly all of a limit is all: whoever is held to it stays just below.
const nearly = 0.95

// watchGuestCPU measures while there is a limit that asks for it.
func (d *Daemon) watchGuestCPU(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		if d.live.Load().Guests.CPUPercent > 0 {
			if err := d.guestCPU.Look(d.guests.slots.owns); err != nil {
				d.log.Debug("what guests use is not known", "error", err)
			}
		} else {
			d.guestCPU.Forget() // a limit set later is not to be held against what was used under this one
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// scores are what the kernel adds, per mille of the memory, when it looks for
// the process to kill for want of memory: proc(5), oom_score_adj.
var scores = map[string]int{config.OOMFirst: 1000, config.OOMNormal: 0, config.OOMNever: -1000}

// rescoreGuests applies guests.oom to those that are here: the supervisors and
// the bodies, each session's under a user id of its own.
func (d *Daemon) rescoreGuests() {
	score := scores[d.live.Load().Guests.OOM]
	pids, err := d.proc.Pids()
	if err != nil {
		d.log.Warn("guests keep the oom policy they came under", "error", err)
		return
	}
	for _, pid := range pids {
		status, err := d.proc.Status(pid)
		if err != nil || !d.guests.slots.owns(status.Uid[0]) {
			continue // it has ended, or is none
		}
		if err := setOOMScore(pid, score); err != nil {
			d.log.Warn("a guest keeps the oom policy it came under", "pid", pid, "error", err)
		}
	}
}

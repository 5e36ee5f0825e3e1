package daemon

import (
	"context"
	"errors"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

const (
	// lookEvery is how long a child may be without its parent before it is
	// noted whose child it was.
	lookEvery = time.Second
)

// watchPolicies notes who inherits.
func (d *Daemon) watchPolicies(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	told := false
	for {
		if err := d.policies.Look(); err != nil && !told {
			told = true
			d.log.Warn("policies of processes cannot be looked after", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// policy does control.Policy.
func (d *Daemon) policy(who control.Caller, r control.Request) control.Result {
	if _, no := d.examine(who, r.PID); no.Code != "" {
		return no
	}
	if r.Change == nil {
		p, err := d.policies.Of(r.PID)
		if err != nil {
			return failed(supervisor.NoSuchProcess, "no such process")
		}
		return control.Result{Policy: &p}
	}
	p, mark, err := d.policies.Set(r.PID, *r.Change)
	if errors.Is(err, policy.ErrNotKept) {
		d.notKept.Do(func() { d.log.Warn("policies of processes are not kept", "error", err) })
	} else if err != nil {
		return failed(control.BadRequest, "%v", err)
	}
	d.askAgain()
	return control.Result{Policy: &p, Mark: mark}
}

// mayGo applies the list of nodes of a process.
func (d *Daemon) mayGo(pid, to int) control.Result {
	if to == 0 || to == d.config.Number {
		return control.Result{}
	}
	p, err := d.policies.Of(pid)
	if err != nil || p.MayGo(to) { // one that has ended is found out elsewhere
		return control.Result{}
	}
	return failed(supervisor.Refused, "it may go %s (it was started so with mosrun)", p.Places())
}

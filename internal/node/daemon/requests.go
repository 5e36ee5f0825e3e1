package daemon

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// describeTimeout is how long a supervisor may take to tell of its processes
// before the last known state is shown.
const describeTimeout = 500 * time.Millisecond

// request does what a command asks.
func (d *Daemon) request(ctx context.Context, who control.Caller, r control.Request, tell func(control.Progress)) control.Result {
	switch r.Verb {
	case control.Migrate:
		return d.migrate(ctx, who, r, tell)
	case control.Cancel:
		return d.cancelMove(ctx, who, r.PID)
	case control.Why:
		return d.why(who, r.PID)
	case control.PS:
		return d.ps(ctx)
	case control.Nodes:
		return d.figures(ctx, r)
	case control.Lent:
		return control.Result{Lent: d.lent(ctx), Node: d.config.Number}
	case control.Policy:
		return d.policy(who, r)
	case control.Attend:
		return d.attend(ctx, who, r)
	case control.Admin:
		return d.admin(ctx, who, r, tell)
	case control.Events:
		return d.watch(ctx, r)
	case control.Reload:
		return d.reload(who)
	case control.Costs:
		return d.costs(who, r)
	case control.Discover:
		return d.discover(who, r)
	case control.Status:
		return d.status(ctx)
	}
	return failed(control.BadRequest, "unknown verb %q (command and daemon of different versions?)", r.Verb)
}

func (d *Daemon) why(who control.Caller, pid int) control.Result {
	status, no := d.examine(who, pid)
	if no.Code != "" {
		return no
	}
	if _, p, held := d.homes.find(pid); held && (p.Node != 0 || p.State == "moving") {
		return control.Result{Balance: d.verdict(pid), Away: d.awayOf(pid)}
	}
	reasons, err := d.reasons(pid, status)
	if errors.Is(err, procfs.ErrGone) {
		return failed(supervisor.NoSuchProcess, "no such process")
	}
	if err != nil {
		return failed(supervisor.Internal, "%v", err)
	}
	if len(reasons) == 0 {
		return control.Result{Balance: d.verdict(pid)}
	}
	result := failed(supervisor.CannotMove, "cannot move")
	result.Reasons, result.Balance = reasons, d.verdict(pid)
	return result
}

// ps lists the processes that have moved. Where a process is is no secret, as
// its existence is none: everybody sees all of them.
func (d *Daemon) ps(ctx context.Context) control.Result {
	if err := d.policies.Look(); err != nil { // what was known before is shown
		d.log.Debug("policies of processes cannot be looked after", "error", err)
	}
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	d.homes.refresh(ctx)
	var out []control.Proc
	for _, p := range slices.Concat(d.homes.procs(), d.homes.atHome()) {
		out = append(out, control.Proc{PID: p.PID, Node: p.Node, Moves: p.Moves, CPUMicros: p.CPUMicros,
			RSS: p.RSS, Calls: p.Calls, State: p.State, Phase: p.Phase, Done: p.Done, Total: p.Total})
	}
	return control.Result{Procs: out, Node: d.config.Number, Policies: d.policies.All()}
}

func (d *Daemon) status(ctx context.Context) control.Result {
	lent := d.lent(ctx)
	nodes := d.nodesNow(ctx, false)
	i := slices.IndexFunc(nodes, func(n control.Node) bool { return n.Self })
	status := control.NodeStatus{Node: nodes[i], Cluster: d.circle.Load().ID(time.Now()), Release: release(),
		PID: os.Getpid(), Refused: d.refusedCount(), Owner: d.ownerStatus(), Passing: d.relay.passing(), Lent: lent}
	return control.Result{Nodes: nodes, Status: &status}
}

// lent lists the guests, as their homes disclose them.
func (d *Daemon) lent(ctx context.Context) []control.Guest {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	d.guests.refresh(ctx)
	return d.guests.shown()
}

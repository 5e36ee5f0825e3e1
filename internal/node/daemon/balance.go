package daemon

import (
	"context"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// bestTries bounds how many nodes a process is offered to that refuse it, for
// what only they know: what their CPUs lack, who came meanwhile.
const bestTries = 3

// migrateToBest does control.Migrate where the node is left to this one.
func (d *Daemon) migrateToBest(ctx context.Context, who control.Caller, r control.Request, tell func(control.Progress)) control.Result {
	status, no := d.examine(who, r.PID)
	if no.Code != "" {
		return no
	}
	if d.guests.slots.owns(status.Uid[0]) { // its home chooses
		return d.moveGuest(ctx, r)
	}
	refused := make(map[int]bool)
	for try := 1; ; try++ {
		to, no := d.bestNode(ctx, r.PID, refused)
		if no.Code != "" {
			return no
		}
		result := d.migrate(ctx, who, control.Request{Verb: control.Migrate, PID: r.PID, To: to, Wait: r.Wait}, tell)
		if result.Code != supervisor.Refused && result.Code != supervisor.NoMemory && result.Code != supervisor.Unreachable || try == bestTries {
			return result
		}
		refused[to] = true
	}
}

// bestNode chooses the node on which a process of this node would run best, 0:
// here. It is among those that are up, lend, tell their load, may be gone to and
// have the memory, the one with the lowest load after the process has come. A
// result with a code is the reason why the process is to stay where it is.
func (d *Daemon) bestNode(ctx context.Context, pid int, refused map[int]bool) (int, control.Result) {
	status, err := d.proc.Status(pid)
	if err != nil {
		return 0, failed(supervisor.NoSuchProcess, "no such process")
	}
	_, proc, _ := d.homes.find(pid)
	at := proc.Node
	if at == 0 {
		at = d.config.Number
		if no := d.staysHere(); no.Code != "" {
			return 0, no
		}
	}
	nodes := d.nodesNow(ctx, true)
	fits := func(n control.Node) bool {
		switch {
		case n.Number == at, !n.Up, refused[n.Number], len(n.Twins) > 0:
			return false
		case n.Self:
			return true
		}
		return n.Accepting && n.Refuses == "" && !n.Quiet && n.MemFree >= needed(status, proc) && d.mayGo(pid, n.Number).Code == ""
	}
	best, known := lowest(nodes, at, d.settings.Now().Yard, fits)
	switch {
	case !known:
		return 0, failed(supervisor.Unreachable, "node %d, where it runs, does not tell its load: name a node", at)
	case best == at:
		return 0, failed(supervisor.AlreadyThere, "it already runs where it runs best")
	case best == d.config.Number:
		best = 0
	}
	return best, control.Result{}
}

// lowest is the node with the lowest load with the process on it: at, where it
// is counted already, or one that fits. Loads are in units of the yardstick.
// known: that of at is.
func lowest(nodes []control.Node, at, yard int, fits func(control.Node) bool) (best int, known bool) {
	yours := 0.0
	for _, n := range nodes {
		if n.Number == at && n.Up && (n.Self || !n.Quiet) {
			best, yours, known = at, n.Load, true
		}
	}
	if !known {
		return at, false
	}
	for _, n := range nodes {
		if with := n.Load + worth(n, yard); fits(n) && with < yours {
			best, yours = n.Number, with
		}
	}
	return best, true
}

// worth is the load that one process that always runs is on a node.
func worth(n control.Node, yard int) float64 {
	return load.In(load.Of(1, n.CPUs, n.Speed), yard)
}

// needed is the memory a process has to find.
func needed(status *procfs.Status, p supervisor.Proc) uint64 { return max(status.VmRSS, p.RSS) }

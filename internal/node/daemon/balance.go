package daemon

import (
	"context"
	"time"

	"openmosix/internal/model/balance"
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
		to, why, no := d.bestNode(ctx, r.PID, refused)
		if no.Code != "" {
			return no
		}
		result := d.migrate(ctx, who, control.Request{Verb: control.Migrate, PID: r.PID, To: to, Wait: r.Wait, Strategy: r.Strategy}, tell)
		if result.Code != supervisor.Refused && result.Code != supervisor.NoMemory && result.Code != supervisor.Unreachable || try == bestTries {
			result.Balance = why
			return result
		}
		refused[to] = true
	}
}

// awayOf tells of a process of this node that is away what is known of it here; nil: it is not.
func (d *Daemon) awayOf(pid int) *control.Away {
	ctx, cancel := context.WithTimeout(context.Background(), describeTimeout)
	defer cancel()
	d.homes.refresh(ctx)
	_, p, held := d.homes.find(pid)
	if !held || p.Node == 0 {
		return nil
	}
	there := time.Duration(p.ThereMicros) * time.Microsecond
	out := &control.Away{Node: p.Node, For: there.Milliseconds(), Mute: p.State == supervisor.StateBroken, Costs: []control.Cost{}}
	if there > 0 {
		out.Calls = float64(p.ThereCalls) / there.Seconds()
	}
	costs, err := d.balancer.Costs(pid, p.Node)
	if err != nil { // it ends
		return out
	}
	for _, c := range costs {
		node := c.Node
		if node == d.config.Number {
			node = 0
		}
		out.Costs = append(out.Costs, control.Cost{Node: node, Cost: c.Cost, Closed: string(c.Closed), Text: c.Closed.Text(), AgeMillis: c.Age.Milliseconds()})
	}
	return out
}

// bestNode chooses the node on which a process of this node would run best, 0:
// here, and says why: what the balancer would do if nothing but this process
// could be moved. A result with a code is the reason why the process is to stay
// where it is.
func (d *Daemon) bestNode(ctx context.Context, pid int, refused map[int]bool) (int, *control.Balance, control.Result) {
	_, proc, _ := d.homes.find(pid)
	at := proc.Node
	if at == 0 {
		at = d.config.Number
		if no := d.staysHere(); no.Code != "" {
			return 0, nil, no
		}
	}
	d.nodesNow(ctx, true) // who asks may have changed something a moment ago
	to, why, err := d.balancer.Best(pid, at, refused)
	switch {
	case err != nil:
		return 0, nil, failed(supervisor.NoSuchProcess, "no such process")
	case why.Rule == balance.ElseWhere:
		return 0, nil, failed(supervisor.Unreachable, "node %d, where it runs, does not tell its load: name a node", at)
	case to == at:
		no := failed(supervisor.AlreadyThere, "it already runs where it runs best: %v", why)
		no.Balance = numbers(why)
		return 0, nil, no
	case to == d.config.Number:
		to = 0
	}
	return to, numbers(why), control.Result{}
}

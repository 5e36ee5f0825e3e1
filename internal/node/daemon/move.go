package daemon

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/reexec"
)

func failed(code supervisor.Code, format string, args ...any) control.Result {
	return control.Result{Code: code, Text: fmt.Sprintf(format, args...)}
}

// examine finds the process a caller names and whether he may touch it. A
// Result with a code is the reason why not.
func (d *Daemon) examine(who control.Caller, pid int) (*procfs.Status, control.Result) {
	if pid <= 0 {
		return nil, failed(supervisor.NoSuchProcess, "no such process")
	}
	status, err := d.proc.Status(pid)
	if errors.Is(err, procfs.ErrGone) {
		return nil, failed(supervisor.NoSuchProcess, "no such process")
	}
	if err != nil {
		return nil, failed(supervisor.Internal, "%v", err)
	}
	if status.Tgid != pid {
		return nil, failed(supervisor.NoSuchProcess, "no such process (it is a thread of %d)", status.Tgid)
	}
	if !who.MayKill(status) {
		return nil, failed(control.NotPermitted, "not permitted: it belongs to another user")
	}
	return status, control.Result{}
}

// startOf is when a process began, which with its number names it for ever. It is looked at before it is known whether the
// caller may do what he asks for: by the number alone that would be done to whoever has it when it is.
func (d *Daemon) startOf(pid int) (uint64, control.Result) {
	stat, err := d.proc.Stat(pid)
	switch {
	case pid <= 0 || errors.Is(err, procfs.ErrGone):
		return 0, failed(supervisor.NoSuchProcess, "no such process")
	case err != nil:
		return 0, failed(supervisor.Internal, "%v", err)
	}
	return stat.StartTime, control.Result{}
}

// reasons tells why a process that no supervisor holds cannot move.
func (d *Daemon) reasons(pid int, status *procfs.Status) ([]control.Reason, error) {
	if d.guests.slots.owns(status.Uid[0]) {
		return []control.Reason{{Code: "already-guest", Text: "it is a guest of another node",
			Hint: "move it from its home node (`openmosix status` shows whose it is)"}}, nil
	}
	return d.judge(pid)
}

// migrate does control.Migrate.
func (d *Daemon) migrate(ctx context.Context, who control.Caller, r control.Request, tell func(control.Progress)) control.Result {
	if r.Balance {
		return d.migrateToBest(ctx, who, r, tell)
	}
	q, guest, no := d.plan(ctx, who, r)
	if no.Code != "" {
		d.moveRefused(r.PID, q.To, no)
		return no
	}
	if guest {
		r.To = q.To
		return d.moveGuest(ctx, r)
	}
	if !r.Wait {
		go d.move(ctx, q, func(control.Progress) {}) // how it goes is an event
		return control.Result{Text: "begun", Node: q.To}
	}
	return d.move(ctx, q, tell)
}

// plan makes of what a caller asks a request to the process's supervisor, or
// finds that the process is a guest here, or why it is not to be moved.
func (d *Daemon) plan(ctx context.Context, who control.Caller, r control.Request) (q supervisor.Request, guest bool, no control.Result) {
	q = supervisor.Request{Verb: supervisor.MoveTo, PID: r.PID, To: r.To, Strategy: r.Strategy}
	if !r.Strategy.Known() {
		return q, false, failed(control.BadRequest, "there is no strategy %q (but %s and %s)", r.Strategy, supervisor.PreCopy, supervisor.PostCopy)
	}
	if q.Start, no = d.startOf(r.PID); no.Code != "" {
		return q, false, no
	}
	status, no := d.examine(who, r.PID)
	if no.Code != "" {
		return q, false, no
	}
	if r.Node != "" {
		number, known := d.named(ctx, r.Node)
		if !known {
			return q, false, failed(supervisor.UnknownNode, "no node is called %s (`openmosix nodes` lists them)", strconv.Quote(r.Node))
		}
		q.To = number
	}
	if d.guests.slots.owns(status.Uid[0]) {
		return q, true, d.guestMayLeave(r.PID, q.To)
	}
	if q.To == d.config.Number {
		q.To = 0
	}
	if q.To != 0 {
		node, known := d.nodes.Lookup(q.To)
		if !known {
			return q, false, failed(supervisor.UnknownNode, "unknown node %d (`openmosix nodes` lists them)", q.To)
		}
		q.Addr = node.Address
	}
	if no := d.mayGo(r.PID, q.To); no.Code != "" {
		return q, false, no
	}
	_, proc, held := d.homes.find(r.PID)
	if held && proc.Node == q.To && proc.State != "moving" {
		return q, false, alreadyThere(q.To)
	}
	if q.To != 0 && proc.Node == 0 {
		if no := d.staysHere(); no.Code != "" {
			return q, false, no
		}
	}
	if !held || proc.Node == 0 && proc.State != "moving" {
		if no := d.mayLeave(r.PID, q.To, status); no.Code != "" {
			return q, false, no
		}
	}
	q.Used = d.homes.usedBy(r.PID)
	return q, false, control.Result{}
}

func alreadyThere(to int) control.Result {
	if to == 0 {
		return failed(supervisor.AlreadyThere, "already at home")
	}
	return failed(supervisor.AlreadyThere, "already on node %d", to)
}

// mayLeave checks a process that is at home and ordinary.
func (d *Daemon) mayLeave(pid, to int, status *procfs.Status) control.Result {
	reasons, err := d.reasons(pid, status)
	switch {
	case errors.Is(err, procfs.ErrGone):
		return failed(control.Ended, "the process ended meanwhile")
	case err != nil:
		return failed(supervisor.Internal, "%v", err)
	case len(reasons) > 0:
		result := failed(supervisor.CannotMove, "cannot move: %s", reasons[0].Text)
		result.Reasons = reasons
		return result
	case to == 0:
		return alreadyThere(0)
	}
	return control.Result{}
}

// move has the supervisor of the process do it. A supervisor that had nothing
// left to look after may be ending just now; then a new one is started. That may be one that was started for this
// very move: who shares memory with the process may have asked first, and been refused.
func (d *Daemon) move(ctx context.Context, q supervisor.Request, tell func(control.Progress)) control.Result {
	progress := func(e supervisor.Event) {
		tell(control.Progress{PID: e.PID, Phase: e.Phase, Done: e.Done, Total: e.Total})
	}
	for tries := 0; ; tries++ {
		h, fresh, err := d.supervisorOf(ctx, q.PID)
		if err != nil {
			return d.moveBroken(q, failed(supervisor.Internal, "%v", err))
		}
		e, err := h.request(ctx, q, progress)
		if err == nil {
			return d.resultOf(q, e)
		}
		if !errors.Is(err, errSupervisorEnded) {
			return d.moveBroken(q, failed(supervisor.Internal, "%v", err))
		}
		if _, gone := d.proc.Status(q.PID); errors.Is(gone, procfs.ErrGone) {
			return d.moveBroken(q, failed(control.Ended, "the process ended meanwhile"))
		}
		select { // its place is free when it is out of the registry
		case <-h.ended:
		case <-ctx.Done():
			return failed(supervisor.Internal, "%v", context.Cause(ctx))
		}
		if tries == supervisorTries || fresh && !h.child.inOrder(ctx) {
			return d.moveBroken(q, failed(supervisor.Internal, "%v", err))
		}
		if q.To == 0 {
			return alreadyThere(0) // its supervisor ended because everything is at home
		}
	}
}

// supervisorTries bounds how often a move meets a supervisor that is ending.
const supervisorTries = 5

func (d *Daemon) resultOf(q supervisor.Request, e supervisor.Event) control.Result {
	if e.Kind == supervisor.Moved {
		return control.Result{Node: e.Node, Micros: e.Micros}
	}
	if e.Code == supervisor.NoSuchProcess {
		// It was there when the request came.
		return failed(control.Ended, "the process ended meanwhile")
	}
	code := e.Code
	if code == "" {
		code = supervisor.Internal
	}
	text := e.Text
	if text == "" {
		text = "the move failed (" + string(code) + ")"
	}
	return control.Result{Code: code, Text: text}
}

// supervisorOf finds or starts the home supervisor of a process.
func (d *Daemon) supervisorOf(ctx context.Context, pid int) (h *home, fresh bool, err error) {
	h, mine := d.homes.claim(pid)
	if mine {
		c, err := d.startHome(pid)
		h.begin(c, err, d)
	}
	select {
	case <-h.ready:
		return h, mine, h.err
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
}

func (d *Daemon) startHome(pid int) (*child, error) {
	c, err := d.launch.start(reexec.HomeSupervisor, strconv.Itoa(pid), d.socketPath(homeSocket(pid)), nil, nil)
	if err != nil {
		return nil, err
	}
	hello, err := d.homeHello()
	if err == nil {
		err = c.greet(hello)
	}
	if err != nil {
		c.stop()
		c.conn.Close()
		return nil, err
	}
	return c, nil
}

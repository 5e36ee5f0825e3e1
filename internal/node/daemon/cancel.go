package daemon

import (
	"context"
	"errors"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// cancelMove has a move that is under way given up, whoever has asked for it.
func (d *Daemon) cancelMove(ctx context.Context, who control.Caller, pid int) control.Result {
	status, no := d.examine(who, pid)
	if no.Code != "" {
		return no
	}
	if d.guests.slots.owns(status.Uid[0]) {
		return failed(supervisor.Refused, "it is a guest of another node: its moves are cancelled there")
	}
	h, _, held := d.homes.find(pid)
	if !held {
		return failed(supervisor.NotMoving, "it is not being moved")
	}
	select {
	case <-h.ready:
	case <-ctx.Done():
		return failed(supervisor.Internal, "%v", context.Cause(ctx))
	}
	if h.err != nil {
		return failed(supervisor.NotMoving, "it is not being moved")
	}
	e, err := h.request(ctx, supervisor.Request{Verb: supervisor.CancelMove, PID: pid}, func(supervisor.Event) {})
	switch {
	case errors.Is(err, errSupervisorEnded):
		return failed(supervisor.NotMoving, "it is not being moved any more")
	case err != nil:
		return failed(supervisor.Internal, "%v", err)
	case e.Kind != supervisor.GivenUp:
		return failed(e.Code, "%s", e.Text)
	}
	return control.Result{}
}

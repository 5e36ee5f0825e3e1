package daemon

import (
	"openmosix/internal/model/balance"
	"openmosix/internal/node/control"
)

// costs does control.Costs: it gives what was measured of the ways to other
// nodes, after taking in a measurement if there is one.
func (d *Daemon) costs(who control.Caller, r control.Request) control.Result {
	if r.Link != nil {
		if who.UID != 0 {
			return failed(control.NotPermitted, "not permitted: only root says what this node goes by")
		}
		if err := d.tuning.Set(*r.Link); err != nil {
			return failed(control.BadRequest, "%v", err)
		}
	}
	return control.Result{Links: d.tuning.All()}
}

// link is what is known of the way to a node, as the policy reckons with it.
func (d *Daemon) link(node int) balance.Link { return d.tuning.Way(node) }

package daemon

import (
	"strings"

	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
)

// Loader reads configuration and keys again. The configuration is complete and
// checked.
type Loader func() (config.Config, trust.Ring, error)

// Reloads makes Reload possible.
func (d *Daemon) Reloads(load Loader) { d.load = load }

// Reload reads configuration and keys again and applies what can change while
// the node runs. A configuration that is wrong changes nothing.
func (d *Daemon) Reload() (control.Changes, error) {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	fresh, keys, err := d.load()
	if err != nil {
		d.log.Error("not reloaded", "error", err)
		return control.Changes{}, err
	}
	circle, err := trust.NewCircle(keys)
	if err != nil {
		return control.Changes{}, err
	}
	old := d.live.Load()
	live, restart := config.Changes(*old, fresh)
	applied := old.Apply(fresh)
	if err := d.settings.Reconfigure(configured(applied)); err != nil {
		return control.Changes{}, err
	}
	d.live.Store(&applied)
	d.policies.Tell(applied.Disclosure)
	if applied.Guests.OOM != old.Guests.OOM {
		d.rescoreGuests()
	}
	if string(keys.Encode()) != string(d.keys.Encode()) {
		live = append(live, "the cluster key")
	}
	d.keys = keys
	d.circle.Store(circle)
	d.table.Configure(applied)
	select {
	case d.changed <- struct{}{}:
	default:
	}
	d.log.Info("reloaded", "applied", strings.Join(live, ", "), "restart needed for", strings.Join(restart, ", "))
	return control.Changes{Applied: append([]string{}, live...), Restart: append([]string{}, restart...)}, nil
}

func (d *Daemon) reload(who control.Caller) control.Result {
	if who.UID != 0 {
		return failed(control.NotPermitted, "not permitted: only root reloads a node's configuration")
	}
	if d.load == nil {
		return failed(control.BadRequest, "this node has no files to reload")
	}
	changes, err := d.Reload()
	if err != nil {
		return failed(control.BadRequest, "nothing has changed: %v", err)
	}
	return control.Result{Changes: &changes}
}

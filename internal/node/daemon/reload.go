package daemon

import (
	"time"

	"openmosix/internal/model/event"
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
		return control.Changes{}, d.notReloaded(err)
	}
	circle, err := trust.NewCircle(keys)
	if err != nil {
		return control.Changes{}, d.notReloaded(err)
	}
	old := d.live.Load()
	live, restart := config.Changes(*old, fresh)
	applied := old.Apply(fresh)
	if err := d.settings.Reconfigure(configured(applied)); err != nil {
		return control.Changes{}, d.notReloaded(err)
	}
	d.live.Store(&applied)
	d.askAgain()
	d.policies.Tell(applied.Disclosure)
	if applied.Guests.OOM != old.Guests.OOM {
		d.rescoreGuests()
	}
	rotated := string(keys.Encode()) != string(d.keys.Encode())
	if rotated {
		live = append(live, "the cluster key")
	}
	d.keys = keys
	d.circle.Store(circle)
	d.table.Configure(applied)
	select {
	case d.changed <- struct{}{}:
	default:
	}
	d.happened(&event.Reload{Is: event.Reloaded, Applied: live, Restart: restart})
	if rotated {
		d.happened(&event.Key{Cluster: circle.ID(time.Now()), Keys: len(keys)})
	}
	return control.Changes{Applied: append([]string{}, live...), Restart: append([]string{}, restart...)}, nil
}

func (d *Daemon) notReloaded(err error) error {
	d.happened(&event.Reload{Is: event.ReloadFailed, Reason: err.Error()})
	return err
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

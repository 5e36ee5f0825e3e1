package daemon

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
)

// discover does control.Discover: it gives how this node finds others, after
// changing it if that is asked for. The change holds until the configuration
// is read again.
func (d *Daemon) discover(who control.Caller, r control.Request) control.Result {
	if c := r.Discovery; c != nil {
		if who.UID != 0 {
			return failed(control.NotPermitted, "not permitted: only root changes how a node finds others")
		}
		d.reloading.Lock()
		defer d.reloading.Unlock()
		if err := d.rediscover(*c); err != nil {
			return failed(control.BadRequest, "%v", err)
		}
	}
	now := d.live.Load().Discovery
	return control.Result{Node: d.config.Number, Discovery: &control.Discovery{Enabled: now.Enabled, Multicast: now.Multicast,
		Interfaces: slices.Clone(now.Interfaces), TTL: now.TTL, Port: now.Port}}
}

// rediscover precondition: d.reloading is held.
func (d *Daemon) rediscover(to control.Discovery) error {
	fresh := *d.live.Load()
	if !fresh.Discovery.Enabled || !fresh.Discovery.Multicast {
		return fmt.Errorf("this node sends no beacons (discovery.enabled and discovery.multicast in the configuration)")
	}
	for _, name := range to.Interfaces {
		if _, err := net.InterfaceByName(name); err != nil {
			return fmt.Errorf("interface %q: there is none of this name here", name)
		}
	}
	if len(to.Interfaces) > 0 {
		fresh.Discovery.Interfaces = to.Interfaces
	}
	if to.TTL != 0 {
		fresh.Discovery.TTL = to.TTL
	}
	if err := fresh.Check(); err != nil {
		return err
	}
	live, _ := config.Changes(*d.live.Load(), fresh)
	d.live.Store(&fresh)
	d.table.Configure(fresh)
	d.log.Info("discovery changed", "applied", strings.Join(live, ", "), "interfaces", fresh.Discovery.Interfaces, "ttl", fresh.Discovery.TTL)
	return nil
}

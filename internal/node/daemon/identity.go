package daemon

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
)

// keysEvery is how often it is looked whether other keys are used or accepted than those of
// the last certificates. They change at times of the clock, and that may be set.
const keysEvery = 10 * time.Second

// identity issues a certificate of this node in a role.
func (d *Daemon) identity(role trust.Role) (supervisor.Identity, error) {
	leaf, err := d.circle.Load().Issue(trust.Name{Node: d.config.Number, Role: role}, time.Now(), rand.Reader)
	return supervisor.Identity(leaf), err
}

func (d *Daemon) hello(role trust.Role) (supervisor.Hello, error) {
	id, err := d.identity(role)
	return supervisor.Hello{Node: d.config.Number, Identity: id, Log: d.live.Load().Log, Fault: wantedFault(),
		ForeignVDSO: os.Getenv("OPENMOSIX_VDSO") == "foreign"}, err
}

// wantedFault is where supervisors started from now on are to stop: what stands
// in the file that OPENMOSIX_FAULT names. Tests write it between two moves.
func wantedFault() string {
	path := os.Getenv("OPENMOSIX_FAULT")
	if path == "" {
		return ""
	}
	text, _ := os.ReadFile(path) // no file, no fault
	return strings.TrimSpace(string(text))
}

func (d *Daemon) homeHello() (supervisor.Hello, error) {
	h, err := d.hello(trust.Home)
	h.StateDir = d.homeStateDir()
	h.Still = time.Duration(d.live.Load().StillSeconds) * time.Second
	h.Reconnect = time.Duration(d.live.Load().ReconnectSeconds) * time.Second
	return h, err
}

// renewIdentities sends every supervisor a Hello with a fresh certificate when other keys are used or
// accepted: supervisors of long-lived processes must be able to make new connections. A Hello after
// the first one replaces the identity.
func (d *Daemon) renewIdentities(ctx context.Context) {
	last := d.circle.Load().Keys(time.Now())
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	for {
		told := false
		select {
		case <-ctx.Done():
			return
		case <-d.changed: // supervisors are told of more than that
			told = true
		case <-tick.C:
		}
		if keys := d.circle.Load().Keys(time.Now()); told || keys != last {
			last = keys
			d.renewAll()
		}
	}
}

func (d *Daemon) renewAll() {
	for _, h := range d.homes.list() {
		if hello, err := d.homeHello(); err == nil {
			h.child.tell(supervisor.FromDaemon{Hello: &hello})
		}
	}
	for _, g := range d.guests.list() {
		if hello, err := d.hello(trust.Guest); err == nil {
			hello.Session = g.session
			g.child.tell(supervisor.FromDaemon{Hello: &hello})
		}
	}
}

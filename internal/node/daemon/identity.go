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

// renewEvery is well below the life of a leaf certificate (a day): supervisors
// of long-lived processes must be able to make new connections.
const renewEvery = 8 * time.Hour

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

// renewIdentities sends every supervisor a Hello with a fresh certificate from
// time to time, and at once when other keys are used or accepted. A Hello after
// the first one replaces the identity.
func (d *Daemon) renewIdentities(ctx context.Context) {
	for {
		now := time.Now()
		wait := renewEvery
		if next := d.circle.Load().NextChange(now); !next.IsZero() {
			// Not a moment before: what is issued then must be of the new key.
			wait = min(wait, next.Sub(now)+time.Second)
		}
		select {
		case <-ctx.Done():
			return
		case <-d.changed:
		case <-time.After(wait):
		}
		d.renewAll()
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

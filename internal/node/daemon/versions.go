package daemon

import (
	"cmp"
	"fmt"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// Two nodes may run different versions of openMosix, while a cluster is upgraded or for good. What daemons say to each
// other all versions understand as far as they have to; what the supervisors of a process say changes. So each side tells
// what its supervisor speaks when a session is asked for, and either refuses, before there is one.

// maxVersion bounds what another node calls its version.
const maxVersion = 64

// Called tells what this program's version is called. Precondition: the daemon does not run yet.
func (d *Daemon) Called(version string) { d.version = version }

// side is one of the two that are to understand each other.
type side struct {
	node     int
	protocol int
	version  string
}

func (s side) String() string {
	version := cmp.Or(s.version[:min(len(s.version), maxVersion)], "unknown")
	if s.protocol == wire.Unsaid {
		return fmt.Sprintf("node %d runs an earlier version, which does not tell its protocol", s.node)
	}
	return fmt.Sprintf("node %d runs version %s with protocol %d", s.node, version, s.protocol)
}

// strange tells why the supervisors of two nodes do not understand each other; empty: they do.
func strange(home, lender side) string {
	if wire.Understand(home.protocol, lender.protocol) {
		return ""
	}
	return fmt.Sprintf("%v, and %v: nothing moves between them until both have the same", home, lender)
}

// speaksWith tells why a home supervisor that asks to be lent to does not understand the guest supervisors of this node.
func (d *Daemon) speaksWith(home int, o supervisor.Open) string {
	return strange(side{home, o.Protocol, o.Version}, side{d.config.Number, wire.Protocol, d.version})
}

// spokenBy tells why the guest supervisors of a lender, which has answered, do not understand the home supervisor that asks
// for one. That may be of another version than this daemon, as it outlives daemons.
func (d *Daemon) spokenBy(lender int, o supervisor.Open, opened supervisor.Opened) string {
	if !wire.Understand(o.Protocol, opened.Protocol) && o.Protocol != wire.Protocol {
		return fmt.Sprintf("the supervisor of this process is of an earlier version than what node %d runs now: "+
			"it may come home (`migrate %d home`), and gets another one when it leaves again", lender, o.PID)
	}
	return strange(side{d.config.Number, o.Protocol, d.version}, side{lender, opened.Protocol, opened.Version})
}

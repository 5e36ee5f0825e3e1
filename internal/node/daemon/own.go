package daemon

import (
	"runtime"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/load"
	"openmosix/internal/node/peer"
)

// report is what this node has to tell of itself now; whether it tells is not
// decided here. Memory that cannot be read is none.
func (d *Daemon) report() load.Report {
	total, available, err := d.machine.Memory()
	if err != nil {
		d.log.Debug("memory of this node is not known", "error", err)
	}
	set, now := d.settings.Now(), d.measure.Now()
	return load.Report{
		Node: d.config.Number, CPUs: runtime.NumCPU(), Speed: speedOf(set, now), Demand: now.Demand, Weight: d.balancer.Weight(), Utilisation: now.Used,
		MemTotal: total, MemFree: d.spared(available), MemAvailable: available,
		Guests: len(d.guests.list()), MaxGuests: d.config.Guests.Max, Away: d.away(),
		Accepting: !set.Block, Stay: set.Stay, LStay: set.LStay, Quiet: set.Quiet, NoMFS: set.NoMFS, Closed: d.owner.refuses() != "",
		Pressure: d.machine.Pressure(), CPU: d.machine.Fingerprint(),
	}
}

// info is what this node answers another that asks.
func (d *Daemon) info() peer.Info {
	r := d.information.Own()
	if r.Quiet {
		r = r.Hushed()
	}
	return peer.Info{Name: d.config.Name, Release: release(), Report: r, Refuses: d.owner.refuses()}
}

func (d *Daemon) away() int {
	n := 0
	for _, p := range d.homes.procs() {
		if p.Node != 0 {
			n++
		}
	}
	return n
}

func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

package daemon

import (
	"os"
	"runtime"

	"openmosix/internal/linux/runqueue"
	"openmosix/internal/node/config"
	"openmosix/internal/node/lodging"
)

// groupName is what is configured, or a name of its own.
func (d *Daemon) groupName() string {
	if name := d.config.Guests.CGroup; name != "" {
		return name
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err == nil && d.config.RunDir == config.DefaultRunDir && runqueue.WholeMachine() {
		return lodging.DefaultGroup
	}
	return lodging.GroupOf(d.config.RunDir, space)
}

// limits are those of guests as they are configured now.
func (d *Daemon) limits() lodging.Limits {
	g := d.live.Load().Guests
	l := lodging.Limits{
		Weight: g.Weight, CPUs: float64(runtime.NumCPU()*g.CPUPercent) / 100,
		Memory: g.Memory << 20, EachMemory: g.EachMemory << 20, EachPIDs: g.EachPIDs,
	}
	if l.Memory != 0 {
		return l
	}
	if total, _, err := d.machine.Memory(); err == nil && total > g.Spare<<20 {
		l.Memory = total - g.Spare<<20
	}
	return l
}

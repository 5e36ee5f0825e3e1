package daemon

import (
	"openmosix/internal/linux/cgroup"
	"openmosix/internal/linux/cpu"
	"openmosix/internal/linux/meminfo"
	"openmosix/internal/linux/pressure"
	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
)

// ThisMachine is the machine the daemon runs on.
type ThisMachine struct {
	cpu         cpu.Features
	fingerprint uint64
	groups      *cgroup.Own
}

// NewThisMachine looks once at what does not change.
func NewThisMachine() ThisMachine {
	local := cpu.Local()
	return ThisMachine{cpu: local, fingerprint: local.Fingerprint(), groups: &cgroup.Own{}}
}

// Memory in bytes, of what this process may have: in a container less than there is.
func (m ThisMachine) Memory() (total, available uint64, err error) {
	info, err := meminfo.Read()
	limit := m.groups.Memory()
	return min(info.Total, limit.Total), min(info.Available, limit.Left), err
}

// Pressure is untold where the kernel does not count it.
func (ThisMachine) Pressure() load.Pressure {
	out := load.NoPressure
	if s, err := pressure.Read(pressure.CPU); err == nil {
		out.CPU = uint16(s.Some.Lately)
	}
	if s, err := pressure.Read(pressure.Memory); err == nil {
		out.MemorySome, out.MemoryFull = uint16(s.Some.Lately), uint16(s.Full.Lately)
	}
	return out
}

// Fingerprint is that of the CPU.
func (m ThisMachine) Fingerprint() uint64 { return m.fingerprint }

// Lacks compares CPU features. A need that names none is met by every CPU.
func (m ThisMachine) Lacks(need supervisor.Need) []string {
	if len(need.CPU) == 0 {
		return nil
	}
	return cpu.Covers(cpu.Features{Words: need.CPU, XCR0: need.XCR0, XSave: need.XSave}, m.cpu)
}

package daemon

import (
	"openmosix/internal/linux/cpu"
	"openmosix/internal/linux/meminfo"
	"openmosix/internal/model/supervisor"
)

// ThisMachine is the machine the daemon runs on.
type ThisMachine struct {
	cpu cpu.Features
}

// NewThisMachine looks once at what does not change.
func NewThisMachine() ThisMachine { return ThisMachine{cpu: cpu.Local()} }

// Memory in bytes.
func (ThisMachine) Memory() (total, available uint64, err error) {
	info, err := meminfo.Read()
	return info.Total, info.Available, err
}

// Lacks compares CPU features. A need that names none is met by every CPU.
func (m ThisMachine) Lacks(need supervisor.Need) []string {
	if len(need.CPU) == 0 {
		return nil
	}
	return cpu.Covers(cpu.Features{Words: need.CPU, XCR0: need.XCR0, XSave: need.XSave}, m.cpu)
}

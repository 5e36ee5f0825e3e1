package daemon

import (
	"openmosix/internal/linux/procfs"
	"openmosix/internal/node/control"
	"openmosix/internal/process/check"
)

// JudgeHere asks process/check about a process of this machine.
func JudgeHere(pid int) ([]control.Reason, error) {
	findings, err := check.Why(procfs.FS("/proc"), pid)
	if err != nil {
		return nil, err
	}
	reasons := make([]control.Reason, len(findings))
	for i, f := range findings {
		reasons[i] = control.Reason{Code: string(f.Code), Text: f.String(), Hint: f.Reason().Hint}
	}
	return reasons, nil
}

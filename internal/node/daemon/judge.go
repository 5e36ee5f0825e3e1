package daemon

import (
	"errors"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/refusal"
	"openmosix/internal/node/control"
	"openmosix/internal/process/check"
)

// A vfork shares the parent's memory until the child has gone its way, and who
// reads its own maps closes them again: usually a matter of milliseconds. Such a
// reason is looked at again.
const (
	passingLooks = 100
	passingPause = 10 * time.Millisecond
)

// freshMayMove tells whether a process that stands at the beginning of a program
// can run elsewhere.
func freshMayMove(pid int) bool {
	findings, err := check.Checker{FS: procfs.FS("/proc")}.Fresh(pid)
	return err == nil && len(findings) == 0
}

// JudgeHere asks process/check about a process of this machine.
func JudgeHere(pid int) ([]control.Reason, error) {
	findings, err := check.Why(procfs.FS("/proc"), pid)
	for look := 0; look < passingLooks && (err == nil && passing(findings) || errors.Is(err, procfs.ErrGone) && lives(pid)); look++ {
		time.Sleep(passingPause)
		findings, err = check.Why(procfs.FS("/proc"), pid)
	}
	if err != nil {
		return nil, err
	}
	reasons := make([]control.Reason, len(findings))
	for i, f := range findings {
		reasons[i] = control.Reason{Code: string(f.Code), Text: f.String(), Hint: f.Hint()}
	}
	return reasons, nil
}

// lives tells whether a process that seems to have ended has not: while a thread of it that is not the first executes a program
// the first one has ended.
func lives(pid int) bool {
	ends, err := procfs.FS("/proc").Ends(pid)
	return err == nil && !ends
}

// passing tells whether the only reason is one that may be over soon.
func passing(findings []refusal.Finding) bool {
	return len(findings) == 1 && (findings[0].Code == refusal.SharedSpace || findings[0].Code == refusal.MemoryFile)
}

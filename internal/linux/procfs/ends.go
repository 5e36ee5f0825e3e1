package procfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Ending tells of a thread whether it has ended or is about to: where the whole process ends, the
// kernel puts a SIGKILL before each of its threads.
func Ending(stat *Stat, status *Status) bool {
	const kill = 1 << (unix.SIGKILL - 1)
	return stat.Flags&FlagExiting != 0 || status.State == 'Z' || status.State == 'X' || status.SigPnd&kill != 0
}

// Ends tells whether every thread of a process has ended or is about to. A first thread that
// has ended stays to be seen until the others have.
func (f FS) Ends(pid int) (bool, error) {
	tids, err := f.Threads(pid)
	if err != nil {
		return false, err
	}
	for _, tid := range tids {
		stat, err := f.ThreadStat(pid, tid)
		if errors.Is(err, ErrGone) {
			continue
		} else if err != nil {
			return false, err
		}
		status, err := f.ThreadStatus(pid, tid)
		if errors.Is(err, ErrGone) {
			continue
		} else if err != nil {
			return false, err
		}
		if !Ending(stat, status) {
			return false, nil
		}
	}
	return true, nil
}

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
// has ended stays to be seen until the others have; or until one of them executes a program, which is the
// first one then and not to be found under its own number any more. So where one is gone it is looked again.
func (f FS) Ends(pid int) (bool, error) {
	for {
		tids, err := f.Threads(pid)
		if err != nil {
			return false, err
		}
		ends, gone, err := f.allEnd(pid, tids)
		if err != nil || !ends || !gone {
			return ends, err
		}
	}
}

// allEnd tells whether these threads of a process end, and whether one of them is gone already.
func (f FS) allEnd(pid int, tids []int) (ends, gone bool, err error) {
	for _, tid := range tids {
		stat, err := f.ThreadStat(pid, tid)
		var status *Status
		if err == nil {
			status, err = f.ThreadStatus(pid, tid)
		}
		switch {
		case errors.Is(err, ErrGone):
			gone = true
		case err != nil:
			return false, gone, err
		case !Ending(stat, status):
			return false, gone, nil
		}
	}
	return true, gone, nil
}

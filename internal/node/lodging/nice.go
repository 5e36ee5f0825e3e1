package lodging

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"openmosix/internal/linux/procfs"
)

// nicest is as nice as a process can be.
const nicest = 19

// setNice sets the niceness of all threads of a process; at nicest they run only
// when nobody else wants to.
//
// The kernel may put each session of processes into a group of its own with an
// equal share (sched(7), autogroup). Within it niceness counts for nothing
// outside, so the session's group is made as nice.
func setNice(proc procfs.FS, pid, nice int) error {
	threads, err := proc.Threads(pid)
	if err != nil {
		return err
	}
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: int32(nice)}
	if nice == nicest {
		attr.Policy = unix.SCHED_IDLE // weighs less than any niceness
	}
	for _, tid := range threads {
		if err := unix.SchedSetAttr(tid, &attr, 0); err != nil && err != unix.ESRCH {
			return fmt.Errorf("make thread %d nice: %w", tid, err)
		}
	}
	err = os.WriteFile(proc.Path(pid, "autogroup"), []byte(strconv.Itoa(nice)), 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("make the session of %d nice: %w", pid, err)
	}
	return nil
}

package sole

import (
	"errors"
	"slices"
	"time"

	"openmosix/internal/linux/procfs"

	"golang.org/x/sys/unix"
)

// Kin are the processes that share memory with one.
type Kin struct {
	Others [][]int  // of each object, who has it as well
	Why    []string // ... and why it may be reached in another way; empty: it cannot be
	fs     procfs.FS
	keeper int    // who looks after the family, and traces it; 0: nobody yet
	uid    [4]int // whose the process is
	since  uint64 // when it was begun to look who they are, in ticks of procfs.Stat.StartTime
}

// KinOf finds the kin of a process. keeps tells whether one looks after families: what they share is open to it.
func KinOf(fs procfs.FS, pid int, objects []Object, keeps func(pid int) bool) (*Kin, error) {
	k := &Kin{fs: fs}
	its, err := fs.Status(pid)
	if err != nil {
		return nil, err
	}
	k.uid = its.Uid
	if k.keeper, err = tracer(fs, its); err != nil {
		return nil, err
	}
	if k.since, err = now(); err != nil {
		return nil, err
	}
	if k.Others, k.Why, err = Sharers(fs, pid, k.keeper, objects); err != nil || k.keeper != 0 {
		return k, err
	}
	for _, some := range k.Others {
		for _, other := range some {
			if st, err := fs.Status(other); err == nil && k.keeper == 0 {
				if by, err := tracer(fs, st); err == nil && by != 0 && keeps(by) {
					k.keeper = by
				}
			}
		}
	}
	for i, some := range k.Others {
		k.Others[i] = slices.DeleteFunc(some, func(other int) bool { return other == k.keeper })
	}
	return k, nil
}

// Related tells whether all who have an object can be one family, which can share it from several nodes: they are of
// one user, each can be stopped as a whole, and nobody traces them but who looks after the family. Who is not
// traced yet comes to it when one of them leaves.
func (k *Kin) Related(object int) bool {
	return !slices.ContainsFunc(k.Others[object], func(pid int) bool {
		const first = 1 // the process that all others depend on
		st, err := k.fs.Status(pid)
		if errors.Is(err, procfs.ErrGone) || err == nil && st.State == 'Z' && st.Threads <= 1 {
			return false // it is nobody any more; its first thread alone may end before the others
		}
		if err != nil || st.Uid != k.uid || pid == first || st.State == 'Z' {
			return true
		}
		by, err := tracer(k.fs, st)
		return err != nil || by != 0 && by != k.keeper
	})
}

// Start tells when one of them was started, which with its number is its name. procfs.ErrGone: it has ended, or its number
// was given to a process only since it was looked; that may be anybody's, or a child that has come to share.
func (k *Kin) Start(pid int) (uint64, error) {
	st, err := k.fs.Stat(pid)
	if err == nil && st.StartTime > k.since {
		err = procfs.ErrGone
	}
	if err != nil {
		return 0, err
	}
	return st.StartTime, nil
}

// now is the time in which the kernel notes starts. What /proc/uptime says may be a container's own.
func now() (uint64, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, err
	}
	return uint64(ts.Nano()) / uint64(tick), nil
}

// tick is that of procfs.Stat.StartTime.
const tick = time.Second / 100

// tracer is the process that traces another one; 0: none does.
func tracer(fs procfs.FS, st *procfs.Status) (int, error) {
	if st.TracerPid == 0 {
		return 0, nil
	}
	by, err := fs.Status(st.TracerPid) // that of a thread
	if err != nil {
		return 0, err
	}
	return by.Tgid, nil
}

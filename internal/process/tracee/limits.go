package tracee

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Unlimited runs f, in which the process makes mappings on its supervisor's
// behalf, without the process's limits on memory and descriptors: what the
// supervisor keeps in the process is not the program's use. The program must not
// read its limits meanwhile.
func (p *Process) Unlimited(f func() error) error {
	back, err := p.raiseLimits()
	if err != nil {
		return err
	}
	err = f()
	for r, l := range back {
		if e := unix.Prlimit(p.PID, r, &l, nil); e != nil && !errors.Is(e, unix.ESRCH) {
			err = errors.Join(err, fmt.Errorf("put limit %d of process %d back: %w", r, p.PID, e))
		}
	}
	return err
}

// moreFiles is how many descriptors the supervisor needs at once, at most: one
// for each mapped file of a process that comes home.
const moreFiles = 4096

// raiseLimits returns what the raised limits were.
func (p *Process) raiseLimits() (map[int]unix.Rlimit, error) {
	back := map[int]unix.Rlimit{}
	for _, r := range []int{unix.RLIMIT_AS, unix.RLIMIT_DATA, unix.RLIMIT_NOFILE} {
		var old unix.Rlimit
		err := unix.Prlimit(p.PID, r, nil, &old)
		if errors.Is(err, unix.ESRCH) {
			return nil, ErrGone
		}
		if errors.Is(err, unix.EPERM) { // another user's, and no CAP_SYS_RESOURCE: it has to do within the limit
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read limit %d of process %d: %w", r, p.PID, err)
		}
		if old.Cur == unix.RLIM_INFINITY {
			continue
		}
		back[r] = old
		enough := uint64(unix.RLIM_INFINITY)
		if r == unix.RLIMIT_NOFILE {
			enough = max(old.Max, old.Cur+moreFiles) // no kernel lets it be infinite
		}
		if unix.Prlimit(p.PID, r, &unix.Rlimit{Cur: enough, Max: enough}, nil) != nil {
			// Only an administrator may pass the hard limit; up to it there may be room enough.
			_ = unix.Prlimit(p.PID, r, &unix.Rlimit{Cur: old.Max, Max: old.Max}, nil)
		}
	}
	return back, nil
}

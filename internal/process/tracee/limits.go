package tracee

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Unlimited runs f, in which the process makes mappings on its supervisor's
// behalf, without the process's limits on memory, locked or not, and descriptors: what the
// supervisor keeps in the process is not the program's use. The program must not
// read its limits meanwhile; what somebody else sets meanwhile stays.
func (p *Process) Unlimited(f func() error) error {
	back, err := p.raiseLimits()
	if err != nil {
		return err
	}
	err = f()
	for r, l := range back {
		var now unix.Rlimit
		e := unix.Prlimit(p.PID, r, nil, &now)
		if e == nil && now == l.raised {
			e = unix.Prlimit(p.PID, r, &l.old, nil)
		}
		if e != nil && !errors.Is(e, unix.ESRCH) {
			err = errors.Join(err, fmt.Errorf("put limit %d of process %d back: %w", r, p.PID, e))
		}
	}
	return err
}

// raisedLimit is one that is to be put back, if it is still what it was raised to.
type raisedLimit struct{ old, raised unix.Rlimit }

// almostInfinite is no limit that anybody else sets.
const almostInfinite = unix.RLIM_INFINITY - 1

// moreFiles is how many descriptors the supervisor needs at once, at most: one
// for each mapped file of a process that comes home.
const moreFiles = 4096

// raiseLimits returns what the raised limits were.
func (p *Process) raiseLimits() (map[int]raisedLimit, error) {
	back := map[int]raisedLimit{}
	for _, r := range []int{unix.RLIMIT_AS, unix.RLIMIT_DATA, unix.RLIMIT_NOFILE, unix.RLIMIT_MEMLOCK} {
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
		raised := unix.Rlimit{Cur: almostInfinite, Max: unix.RLIM_INFINITY}
		if r == unix.RLIMIT_NOFILE {
			raised.Max = max(old.Max, old.Cur+moreFiles) // no kernel lets it be infinite
			raised.Cur = raised.Max
		}
		if unix.Prlimit(p.PID, r, &raised, nil) != nil {
			// Only an administrator may pass the hard limit; up to it there may be room enough.
			raised = unix.Rlimit{Cur: old.Max, Max: old.Max}
			_ = unix.Prlimit(p.PID, r, &raised, nil)
		}
		back[r] = raisedLimit{old: old, raised: raised}
	}
	return back, nil
}

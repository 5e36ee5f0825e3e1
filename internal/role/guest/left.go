package guest

import (
	"os"
	"sync/atomic"

	"openmosix/internal/linux/cgroup"

	"golang.org/x/sys/unix"
)

// A thread or process is made at home first, and what home has made nobody can take
// back unseen. So that it is there is looked at before: a process that this node gives
// no more of them comes home, where the call is made natively.

// ownThreads are kept for the supervisor: a Go program that needs one more thread
// and cannot have it ends, and all its bodies with it.
const ownThreads = 16

// left tells whether threads and processes can be made here.
type left struct {
	group  *cgroup.Left // nil: no group counts them
	making atomic.Int64 // that home has been asked for, and that are not here yet
}

// reserve reserves one; false: there is none. After true unreserve follows.
func (g *Guest) reserve() bool {
	n := g.left.making.Add(1)
	more, limited := g.remaining()
	if limited && int64(more)-n < ownThreads {
		g.unreserve()
		return false
	}
	return true
}

func (g *Guest) unreserve() { g.left.making.Add(-1) }

// remaining is how many more there may be, of bodies and of the supervisor's own.
func (g *Guest) remaining() (n int, limited bool) {
	if g.left.group != nil {
		if n, limited, err := g.left.group.Count(); err == nil && limited {
			return n, true
		}
	}
	// Without a group the daemon has limited the processes of the user whom the
	// bodies belong to: lodging.
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NPROC, &l) != nil || l.Cur > 1<<30 {
		return 0, false
	}
	own, err := g.fam.FS.Status(os.Getpid())
	if err != nil {
		return 0, false
	}
	g.mu.Lock()
	bodies := len(g.byTID)
	g.mu.Unlock()
	return int(l.Cur) - bodies - own.Threads - 1, true // and the init
}

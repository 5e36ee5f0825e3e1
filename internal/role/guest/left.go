package guest

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"openmosix/internal/linux/cgroup"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// A thread or process is made at home first, and what home has made nobody can take
// back unseen. So that it is there is looked at before: a process that this node gives
// no more of them comes home, where the call is made natively.

const (
	// ownThreads are kept for the supervisor: a Go program that needs one more thread
	// and cannot have it ends, and all its bodies with it.
	ownThreads = 16
	// spareThreads are for supervisors alone where the kernel counts by user. It counts those
	// of other sessions, too, if they have the same user: on another node, if nodes are
	// containers on one machine.
	spareThreads = 64
)

// left tells whether threads and processes can be made here.
type left struct {
	group  *cgroup.Left // nil: no group counts them
	most   int          // without one: of the bodies' user; 0: no limit
	making atomic.Int64 // that home has been asked for, and that are not here yet
}

// count is how many more the control group allows, if it limits them.
func (l *left) count() (n int, limited bool) {
	if l.group == nil {
		return 0, false
	}
	n, limited, err := l.group.Count()
	return n, limited && err == nil
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

// spareSlots are kept, at home and here, for what is not a thread of the process.
const spareSlots = 16

// mayHaveMore tells whether there are slots for one more thread of a process, which a child
// that is being made has at first, too. Precondition: it is reserved.
func (b *body) mayHaveMore() bool {
	return len(b.Threads())+int(b.g.left.making.Load()) <= stub.MaxSlots-spareSlots
}

func (g *Guest) unreserve() { g.left.making.Add(-1) }

// remaining is how many more there may be, of bodies and of the supervisor's own, as far as
// this supervisor knows.
func (g *Guest) remaining() (n int, limited bool) {
	if n, limited := g.left.count(); limited {
		return n, true
	}
	if g.left.most == 0 {
		return 0, false
	}
	own, err := g.fam.FS.Status(os.Getpid())
	if err != nil {
		return 0, false
	}
	g.mu.Lock()
	bodies := len(g.byTID)
	g.mu.Unlock()
	return g.left.most - bodies - own.Threads - 1, true // and the init
}

// bound bounds the processes and threads of this process's user, who is the bodies' as
// well, for good.
func (l *left) bound(most int) error {
	if most <= 0 {
		return nil
	}
	l.most = most
	return limitProcesses(most+spareThreads, most+spareThreads)
}

// sparing makes the bodies' user namespace, by f. What its processes may be, together with
// all others of their user, is for good what its maker may have at that moment
// (kernel/user_namespace.c, create_user_ns); before Linux 5.14 it is what they inherit.
func (l *left) sparing(f func() error) error {
	if l.most == 0 {
		return f()
	}
	if err := limitProcesses(l.most, l.most+spareThreads); err != nil {
		return err
	}
	err := f()
	return errors.Join(err, limitProcesses(l.most+spareThreads, l.most+spareThreads))
}

// limitProcesses sets the limit of this process, as far as it may.
func limitProcesses(soft, hard int) error {
	var l unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NPROC, &l)
	if err == nil {
		l.Max = min(l.Max, uint64(hard))
		l.Cur = min(l.Max, uint64(soft))
		err = unix.Setrlimit(unix.RLIMIT_NPROC, &l)
	}
	if err != nil {
		return fmt.Errorf("limit processes: %w", err)
	}
	return nil
}

// crowded tells whether the kernel would make no more processes for the bodies' user, or for
// anybody. It is asked for one that cannot be, with the id of the init itself, which it looks
// at after it has counted: kernel/fork.c, copy_process.
func (g *Guest) crowded() bool {
	if g.left.most == 0 {
		return false
	}
	g.makeMu.Lock()
	defer g.makeMu.Unlock()
	ret, err := g.init.clone(1, unix.CLONE_VM|unix.CLONE_FS|unix.CLONE_FILES|unix.CLONE_SIGHAND, 0, 0)
	return err == nil && ret == -int64(unix.EAGAIN)
}

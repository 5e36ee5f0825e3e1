package guest

import (
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// That there is room for a thread or process is looked at before home makes its half
// (left.go). The kernel here may refuse it nevertheless: another session of the same user has
// taken the last place, the machine has too many, or no memory.

// noMore is why a process comes home to make another, or a thread.
const noMore = "the node it runs on gives it no more processes and threads (guests.each_pids there)"

const (
	// roomWait is for how long a place for a process is waited for: nothing leads back from
	// its half at home. roomPause is between two tries.
	roomWait  = 10 * time.Second
	roomPause = 5 * time.Millisecond
)

// withRoom makes the call, a process's for a while, until there is room. Below 0: there is none.
func (c *cloning) withRoom(a [6]uint64) (int64, error) {
	for within := owntime.Within(roomWait); ; time.Sleep(roomPause) {
		ret, err := c.run(a)
		if err != nil || ret >= 0 || a[0]&unix.CLONE_THREAD != 0 || within.Over() {
			return ret, err
		}
	}
}

// undo takes back a thread that there is no room for: nobody knows its half at home, which ends
// like any other. Its maker makes the call again, and comes home for it.
func (c *cloning) undo() {
	s, g := c.s, c.s.b.g
	g.log.Info("there is no room for another thread: its process goes home", "process", s.b.Own, "thread", c.own)
	_ = g.post(wire.Exit, c.own, make([]byte, 4))
	s.noRoom.Store(true)
	r := c.saved
	r.Rip, r.Rax, r.OrigRax = c.saved.Rip-syscallLength, c.saved.OrigRax, ^uint64(0)
	c.h.LetGo(func() {
		_ = ptrace.SetRegs(s.t.TID, r)
		_ = ptrace.SetSigMask(s.t.TID, c.mask)
		_ = ptrace.Continue(s.t.TID, 0)
	})
}

// notMade: home has the newborn already, and its parent may have seen it: neither
// half can be taken back unseen. So who wanted it ends as if killed, unless
// that was its end anyway: home has had it killed meanwhile, perhaps because
// another thread has executed a program. One that has begun goes on.
func (s *strand) notMade(p *pending, own int, begun bool, err error) {
	b, g := s.b, s.b.g
	killed := wire.Encode(wire.DiedMsg{Signal: int(unix.SIGKILL)})
	switch {
	case begun:
	case p.child:
		g.forgetChild(own)
		_ = g.post(wire.Died, own, killed)
	default:
		_ = g.post(wire.Exit, own, make([]byte, 4))
	}
	b.mu.Lock()
	ends := b.gone
	b.mu.Unlock()
	if ends {
		g.log.Debug("a process has ended while it made another", "process", b.Own, "own", own, "error", err)
		return
	}
	g.log.Error("a thread or process could not be made here (limits of this node?): killing who wanted it", "own", own, "error", err)
	_ = g.post(wire.Died, b.Own, killed)
	b.kill()
}

package guest

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// That there is room for a thread or process is looked at before home makes its half
// (left.go). The kernel here may refuse it nevertheless: another session of the same user has
// taken the last place, the machine has too many, or no memory.

// noMore is why a process comes home to make another, or a thread.
const noMore = "the node it runs on gives it no more processes and threads (guests.each_pids there, or what the node itself may have)"

// undo takes back what there is no room for. A thread's half at home nobody knows: it ends like
// any other. A process's is its parent's child already; it is taken back when its maker has come
// home, and with all its threads stands still. The call is made again, and comes home for it.
func (c *cloning) undo(p *pending, m wire.UnmadeMsg) {
	s, b, g := c.s, c.s.b, c.s.b.g
	g.log.Info("there is no room for another thread or process: who wants it goes home", "process", b.Own, "own", c.own)
	s.noRoom.Store(true)
	if p.child {
		g.forgetChild(c.own)
		b.mu.Lock()
		b.homing = true
		b.mu.Unlock()
		_ = g.post(wire.Unmade, b.Own, wire.Encode(m))
		_ = g.post(wire.NeedHome, b.Own, wire.Encode(wire.NeedHomeMsg{Nr: p.nr, Reason: noMore})) // whatever it does before
	} else {
		_ = g.post(wire.Exit, c.own, make([]byte, 4))
	}
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

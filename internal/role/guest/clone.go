package guest

import (
	"errors"
	"fmt"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// Flags a clone may have to be made away from home. Everything else (new
// namespaces, a pidfd of a thread, memory shared between processes) is made at home.
const (
	anyClone    = 0xff | unix.CLONE_SETTLS | unix.CLONE_PARENT_SETTID | unix.CLONE_CHILD_CLEARTID | unix.CLONE_CHILD_SETTID | unix.CLONE_SYSVSEM | unix.CLONE_DETACHED | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_IO
	threadClone = anyClone | unix.CLONE_VM | unix.CLONE_SIGHAND | unix.CLONE_THREAD
	vforkClone  = anyClone | unix.CLONE_VM | unix.CLONE_VFORK
)

// cloneArgs reads what is to be made, once: flags, stack, parent tid, child
// tid, tls as clone(2) takes them, and where a pidfd is to be stored (0:
// nowhere). ok is false for what is only made at home.
func (s *strand) cloneArgs(p *pending) (a [6]uint64, pidfd uint64, errno unix.Errno, ok bool) {
	switch p.nr {
	case unix.SYS_CLONE:
		a = p.args
	case unix.SYS_FORK:
		a = [6]uint64{uint64(unix.SIGCHLD)}
	case unix.SYS_VFORK:
		a = [6]uint64{uint64(unix.SIGCHLD) | unix.CLONE_VFORK | unix.CLONE_VM}
	case unix.SYS_CLONE3:
		const size = 88
		var b [size]byte
		n := min(p.args[1], size)
		if n < 64 {
			return a, 0, unix.EINVAL, true
		}
		if s.b.memory().Read(p.args[0], b[:n]) != nil {
			return a, 0, unix.EFAULT, true
		}
		f := func(i int) uint64 { return le.Uint64(b[8*i:]) }
		if p.args[1] > size || f(0)>>32 != 0 || f(0)&0xff != 0 || f(8) != 0 || f(9) != 0 || f(4) > 0xff {
			return a, 0, 0, false
		}
		a = [6]uint64{f(0) | f(4), f(5), f(3), f(2), f(7)}
		if f(5) != 0 {
			a[1] += f(6)
		}
		pidfd = f(1)
	}
	if a[0]&unix.CLONE_PIDFD == 0 {
		pidfd = 0
	} else if p.nr == unix.SYS_CLONE {
		if pidfd = a[2]; a[0]&(unix.CLONE_PARENT_SETTID|unix.CLONE_DETACHED) != 0 {
			return a, 0, unix.EINVAL, true // clone(2): there is one address for both
		}
	}
	fl := a[0]
	if fl&unix.CLONE_THREAD == 0 {
		fl &^= unix.CLONE_PIDFD
	}
	switch {
	case fl&unix.CLONE_THREAD != 0:
		ok = fl&^threadClone == 0 && fl&unix.CLONE_VM != 0 && fl&unix.CLONE_SIGHAND != 0
	case fl&unix.CLONE_VM != 0:
		ok = fl&^vforkClone == 0 && fl&unix.CLONE_VFORK != 0
	default:
		ok = fl&^(anyClone|unix.CLONE_VFORK) == 0
	}
	return a, pidfd, 0, ok
}

// clone makes a thread or process: first its deputy at home, whose id it is to
// have, then the body here.
func (s *strand) clone(p *pending) {
	a, pidfd, errno, ok := s.cloneArgs(p)
	if errno == 0 && pidfd != 0 && !s.writable(pidfd) {
		errno = unix.EFAULT
	}
	switch {
	case errno != 0:
		s.b.answer(p.id, -int64(errno))
		return
	case !ok:
		// What nobody is to trace is a tracer itself: LeakSanitizer's.
		s.comeHomeFor(p, "this kind of clone is made at home", a[0]&unix.CLONE_UNTRACED != 0)
		return
	case a[0]&unix.CLONE_THREAD == 0 && (len(s.b.ownSoles()) > 0 || s.b.joins.Load()):
		s.comeHome(p, "it has mapped memory that it shares with its children")
		return
	}
	if a[0]&unix.CLONE_THREAD == 0 && s.b.lacks() {
		go func() { // a process of its own needs all pages
			if s.b.whole(never) == nil {
				s.cloneWhole(p, a, pidfd)
			}
		}()
		return
	}
	s.cloneWhole(p, a, pidfd)
}

func (s *strand) cloneWhole(p *pending, a [6]uint64, pidfd uint64) {
	g := s.b.g
	if s.noRoom.Load() || !g.reserve() {
		s.comeHome(p, noMore)
		return
	}
	if !s.b.mayHaveMore() {
		g.unreserve()
		s.comeHome(p, "no more threads of a process can be away")
		return
	}
	if !s.enter(p, true) {
		g.unreserve()
		return
	}
	go func() {
		defer g.unreserve()
		defer s.b.leave()
		if g.crowded() {
			s.unenter(p)
			s.comeHomeFrom(p, noMore)
			return
		}
		s.makeBoth(p, a, pidfd)
	}()
}

// writable tells whether an int can be stored at an address.
func (s *strand) writable(addr uint64) bool {
	var b [4]byte
	m := s.b.memory()
	return m.Read(addr, b[:]) == nil && m.Write(addr, b[:]) == nil
}

func (s *strand) makeBoth(p *pending, a [6]uint64, pidfd uint64) {
	p.child = a[0]&unix.CLONE_THREAD == 0
	if p.child && a[0]&unix.CLONE_FILES != 0 {
		s.b.mu.Lock()
		s.b.alone, s.b.shares = false, true
		s.b.mu.Unlock()
	}
	if p.child && a[0]&unix.CLONE_FS != 0 { // either changes the working directory of both, and the root
		s.b.g.sharesNames(s.b, false)
		s.b.g.mu.Lock()
		s.b.allow()
		s.b.g.mu.Unlock()
	}
	r := s.ask(p, wire.Clone, wire.Encode(wire.CloneMsg{Serial: p.serial, Flags: a[0]}))
	if r.ret <= 0 {
		s.asksNoMore(p)
		s.finish(p, r.ret)
		return
	}
	m := wire.UnmadeMsg{Own: int(r.ret), Signal: int(a[0] & 0xff), PIDFD: -1}
	if pidfd != 0 && len(r.outs) == 1 && len(r.outs[0]) == 4 {
		_ = s.b.memory().Write(pidfd, r.outs[0]) // it could be written a moment ago
		m.PIDFD = int(int32(le.Uint32(r.outs[0])))
	}
	a[0] &^= unix.CLONE_PIDFD
	if begun, err := s.makeHere(p, a, m); err != nil {
		s.notMade(p, m.Own, begun, err)
	}
}

// makeHere runs the program's clone in its own thread, with the id chosen
// beforehand. The thread's registers serve for the call and are put back. begun:
// what it was to make runs, whatever became of the thread itself. Without an error it has been
// made, or the call is made again; m is what home is told then of a process.
func (s *strand) makeHere(p *pending, a [6]uint64, m wire.UnmadeMsg) (begun bool, err error) {
	t := s.t
	h, err := t.HoldOne(stopLimit, s.passOn, func() { s.b.answer(p.id, -noIntr) })
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	s.call = nil
	s.mu.Unlock()
	if err := s.b.straighten(); err != nil { // another thread may run in the code, or write into the same memory
		return false, err
	}
	own := m.Own
	c := &cloning{s: s, h: h, own: own}
	ret, err := c.run(a)
	switch {
	case err != nil:
		return c.begun, err
	case ret < 0:
		c.undo(p, m)
		return false, nil
	case ret != int64(own):
		return c.begun, fmt.Errorf("it became %d", ret)
	}
	r := c.saved
	r.Rax, r.OrigRax = uint64(own), ^uint64(0)
	h.LetGo(func() {
		_ = ptrace.SetRegs(t.TID, r)
		_ = ptrace.SetSigMask(t.TID, c.mask)
		_ = ptrace.Continue(t.TID, 0)
	})
	return true, nil
}

// cloning is one clone call being made in the program's own thread.
type cloning struct {
	s      *strand
	h      *tracee.Hold
	own    int
	saved  image.Regs // of the thread, and its signal mask: setAside
	mask   uint64
	aside  bool // they are noted
	unlock func()
	begun  bool // the newborn runs
	vfork  bool // ... in its parent's memory, which waits
}

// run makes the call. A vfork returns only when the child has gone its way.
func (c *cloning) run(a [6]uint64) (int64, error) {
	g, t := c.s.b.g, c.s.t
	g.makeMu.Lock() // the next id is one for all
	c.unlock = g.makeMu.Unlock
	defer c.unlockOnce()
	g.maker(c.s.b.child())
	if err := g.init.nextID(c.own); err != nil {
		return 0, err
	}
	if a[0]&unix.CLONE_THREAD == 0 {
		a[0] |= unix.CLONE_PARENT // the namespaces' init reaps; the parent waits at home
	}
	c.s.served.Store(true)
	defer c.s.served.Store(false)
	c.vfork = a[0]&(unix.CLONE_VM|unix.CLONE_THREAD) == unix.CLONE_VM
	return c.h.InjectWatching(t, c.setAside, unix.SYS_CLONE, a, func(tid int) error {
		err := c.begin(tid)
		c.unlockOnce()
		return err
	})
}

// setAside notes the registers that serve for the call, and blocks all signals. It gives the
// address of the system call instruction. Tracing thread.
func (c *cloning) setAside() (uint64, error) {
	if c.aside { // the call is made once more
		return c.saved.Rip - syscallLength, nil
	}
	var err error
	if c.saved, err = ptrace.Regs(c.s.t.TID); err == nil {
		if c.mask, err = ptrace.SigMask(c.s.t.TID); err == nil {
			err = ptrace.SetSigMask(c.s.t.TID, ^uint64(0))
		}
	}
	if err != nil {
		return 0, fmt.Errorf("put its maker's registers aside: %w", err)
	}
	c.aside = true
	return c.saved.Rip - syscallLength, nil
}

func (c *cloning) unlockOnce() {
	if c.unlock != nil {
		c.unlock()
		c.unlock = nil
	}
}

// begin gives the newborn, tid, the registers it would have had, and lets it run.
func (c *cloning) begin(tid int) error {
	g := c.s.b.g
	n, err := c.born(tid)
	if err != nil {
		return err
	}
	n.blocks.Store(c.s.blocks.Load())
	n.atHome.Store(c.s.atHome.Load())
	if n.b != c.s.b {
		n.b.inherit(c.s.b)
		n.b.mu.Lock()
		n.b.borrows = c.vfork
		n.b.mu.Unlock()
	}
	c.s.mu.Lock()
	cpus, weighs := c.s.cpus, c.s.weight
	c.s.mu.Unlock()
	n.mu.Lock()
	n.cpus, n.weight = cpus, weighs
	n.mu.Unlock()
	c.h.Do(func() {
		var have image.Regs
		if have, err = ptrace.Regs(n.t.TID); err != nil {
			err = fmt.Errorf("read its registers: %w", err)
			return
		}
		r := c.saved
		r.Rax, r.OrigRax = 0, ^uint64(0)
		r.Rsp, r.FsBase, r.GsBase = have.Rsp, have.FsBase, have.GsBase
		if err = ptrace.SetRegs(n.t.TID, r); err != nil {
			err = fmt.Errorf("give it the registers %+v: %w", r, err)
			return
		}
		if err = ptrace.SetSigMask(n.t.TID, c.mask); err != nil {
			err = fmt.Errorf("give it its signal mask: %w", err)
			return
		}
		if n.b != c.s.b {
			g.childRuns(c.own)
		}
		if err = ptrace.Continue(n.t.TID, 0); errors.Is(err, unix.ESRCH) {
			err = nil // what was said to it was that it is to end
		} else if err != nil {
			err = fmt.Errorf("let it run: %w", err)
		}
	})
	c.begun = err == nil
	return err
}

// born waits for the newborn's first stop. It exists at home too, so nothing but
// its end ends the wait: where guests get only what CPU time is left over, it may
// be long until it runs.
func (c *cloning) born(tid int) (*strand, error) {
	for {
		if n := c.s.b.g.awaitBorn(c.own); n != nil {
			return n, nil
		}
		st, err := c.s.b.Family.FS.ThreadStatus(tid, tid)
		switch {
		case err != nil || st.State == 'Z' || st.State == 'X':
			return nil, fmt.Errorf("it has ended before its first step")
		case ownID(st.InnermostPid()) != c.own:
			return nil, fmt.Errorf("it became %d", st.InnermostPid())
		}
	}
}

// inherit makes a forked body what its parent is. The kernel does not track
// its writes: everything counts as different from home.
func (b *body) inherit(parent *body) {
	parent.mu.Lock()
	img := *parent.img
	parent.mu.Unlock()
	img.PID, img.CPUMicros, img.SystemMicros, img.HomeMicros, img.Peak, img.HomeDirty = b.Own, 0, 0, 0, 0, nil
	img.LocksNew = 0 // mlockall(2)
	b.kept.Store(parent.kept.Load())
	b.mu.Lock()
	b.img, b.running = &img, true
	b.vdso, b.standIns, b.foreign = parent.vdso, parent.standIns, parent.foreign
	b.InheritAttributes(parent.Process)
	b.unlisted.Store(parent.unlisted.Load())
	b.guarded.Store(parent.guarded.Load())
	b.mu.Unlock()
}

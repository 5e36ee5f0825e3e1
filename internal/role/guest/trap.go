package guest

import (
	"context"
	"log/slog"
	"time"

	"openmosix/internal/linux/mem"
	"openmosix/internal/linux/notify"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/descriptors"
	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// pending is a call that waits for home.
type pending struct {
	s       *strand
	id      uint64 // of the notification
	serial  uint64
	nr      int
	row     *syscalls.Row
	args    [6]uint64
	behind  uint64 // the address behind the instruction that makes it
	call    *syscalls.Call
	begun   time.Time
	until   time.Time // when a wait for a relative time ends; zero: it has none, or nobody knows
	again   bool      // what its deputy has made last, broken off
	goesOn  int64     // what a signal makes of it if it began before its thread came: begun.go; 0: it did not
	mask    uint64    // address of the mask the call waits under, 0: none
	maskLen uint64
	after   uint64      // what of the kept signals the thread blocks when the call has ended, if the deputy changes that
	changes bool        // ... with the call's end
	await   uint64      // the signals it waits for here, by name
	timer   *time.Timer // ends that wait
	rpc     chan result // a sequence waits for the reply, not the thread; strand.mu
	child   bool        // it makes a process
	whole   bool        // what is made of it now is not broken off; strand.mu
	asked   time.Time   // when a sequence sent its last request
	size    int         // bytes of the last request
}

type result struct {
	ret  int64
	outs [][]byte
}

// noIntr is ERESTARTNOINTR: make the call again, whatever happens.
const noIntr = 513

// trapped handles one call that the filter did not let through; room is for a short path.
func (g *Guest) trapped(fd int, n *notify.Notification, room []byte) {
	s := g.strandByTID(int(n.Pid))
	if s == nil {
		g.log.Error("call of an unknown thread", "thread", n.Pid)
		_ = notify.Send(fd, n.ID, 0, unix.ENOSYS)
		return
	}
	if s.served.Load() {
		s.obey(n)
		return
	}
	s.mu.Lock()
	goesOn := s.begun.code(n)
	s.restarted, s.begun = false, begunCall{}
	nr := int(n.Nr)
	if nr != unix.SYS_RESTART_SYSCALL {
		s.forgetRestart() // the thread has given up the wait it was in
	}
	s.mu.Unlock()
	s.b.calls.Add(1)
	if s.quick(n, room) {
		return
	}
	if s.b.g.alias && s.underAlias(&pending{s: s, id: n.ID, nr: nr, args: n.Args, serial: g.serial.Add(1), begun: time.Now()}) {
		return
	}
	row := syscalls.Lookup(nr)
	if row == nil {
		g.log.Warn("unknown system call", "number", nr)
		s.b.answer(n.ID, -int64(unix.ENOSYS))
		return
	}
	row, where := row.Resolve(n.Args)
	if g.log.Enabled(context.Background(), slog.LevelDebug) { // its arguments are allocated whether they are written or not
		g.log.Debug("call", "thread", s.t.Own, "name", row.Name, "where", where, "id", n.ID, "args", n.Args)
	}
	p := &pending{s: s, id: n.ID, nr: nr, row: row, args: n.Args, behind: n.IP, serial: g.serial.Add(1), begun: time.Now(), goesOn: goesOn}
	if mayWait(where) {
		if set := s.strayed(); set != 0 {
			s.sendBack(p, set)
			return
		}
	}
	if where != syscalls.Here || !descriptors.Keeps(nr, n.Args) {
		s.takesOver(nr)
	}
	s.b.follows(nr, n.Args)
	if s.b.owns.Load() && s.ofOwn(p) || s.b.joins.Load() && s.onJoint(p) {
		return
	}
	if s.fromAhead(p) {
		return
	}
	switch where {
	case syscalls.Here:
		s.local(p)
	case syscalls.Refuse:
		s.b.answer(n.ID, -int64(row.Errno))
	case syscalls.Home:
		s.goHome(p)
	case syscalls.Both, syscalls.Answer:
		s.special(p)
	default:
		s.comeHomeFor(p, row.Reason, p.nr == unix.SYS_PTRACE)
	}
}

// obey lets a call through that the supervisor itself has ordered, and no
// other: another thread of the body may have written into the slot.
func (s *strand) obey(n *notify.Notification) {
	waits := n.Nr == unix.SYS_FUTEX && s.b.reserved(n.Args[0], 4) // the stub does, for orders; a filter for shared memory shows it
	if waits || s.t.Ordered(int(n.Nr), n.Args) {
		s.b.proceed(n.ID)
		return
	}
	s.b.g.log.Error("a body makes calls in its supervisor's name: killing it", "process", s.b.Own, "call", n.Nr)
	_ = unix.Kill(s.b.PID, unix.SIGKILL)
	s.b.answer(n.ID, -int64(unix.EPERM))
}

// local: a call that runs here was trapped because it may touch the
// supervisor's own memory in the body. At home that place is free.
func (s *strand) local(p *pending) {
	if watchesMasks(p.nr) {
		s.maskChange(p)
		return
	}
	if s.b.reserved(p.args[0], p.args[1]) ||
		p.nr == unix.SYS_MREMAP && p.args[3]&unix.MREMAP_FIXED != 0 && s.b.reserved(p.args[4], p.args[2]) {
		s.comeHome(p, takenPlace)
		return
	}
	s.handsOver()
	s.b.proceed(p.id)
}

const takenPlace = "its supervisor has memory where it wants its own"

// reserved tells whether a range touches the supervisor's memory in the body.
func (b *body) reserved(at, length uint64) bool {
	end := at + length
	return stub.Touches(b.Base, at, end) || end < at
}

// enter registers a call, unless the body is being frozen: then the thread is
// to make the call again wherever it is next. multi: the call takes several
// steps here, between which the body cannot be frozen.
func (s *strand) enter(p *pending, multi bool) bool {
	b := s.b
	b.mu.Lock()
	b.asks(s.t.Own)
	if p.nr != unix.SYS_MMAP {
		b.lastMapped = nil
	}
	again := b.freezing
	held := !again && multi && b.want
	switch {
	case again:
	case b.gone:
		// It is being killed, and waits for that: nobody has told it to stop, so
		// it would see the restart code, or go on after what was to end it.
		held = true
	case held:
		b.held = append(b.held, p)
	default:
		if multi {
			b.busy++
		}
		s.mu.Lock()
		if multi {
			p.rpc = make(chan result, 1) // from now on: no signal is to break off what has not been asked yet
		}
		s.call = p
		s.mu.Unlock()
	}
	b.mu.Unlock()
	if again {
		b.g.restartCall(p)
	}
	return !again && !held
}

// leave ends a call of several steps.
func (b *body) leave() {
	b.mu.Lock()
	b.busy--
	b.mu.Unlock()
}

// memory is the body's memory with the rights the body itself has.
func (b *body) memory() syscalls.Memory { return mem.User{Space: b.Mem} }

// goHome forwards a call as the table says.
func (s *strand) goHome(p *pending) {
	c, errno := p.row.Gather(p.args, s.b.memory())
	if errno != 0 {
		s.b.answer(p.id, -int64(errno))
		return
	}
	if errno := s.known(p, c); errno != 0 {
		s.consider(p.nr, p.behind)
		s.handsOver()
		s.b.answer(p.id, -int64(errno))
		return
	}
	if s.stated(p, c) || s.opensHere(p, c) || s.writesHere(p, c) || s.wasForetold(p, c) {
		return
	}
	c.Takes(s.b.accepts)
	p.call = c
	s.shorten(p)
	if s.enter(p, false) {
		s.forward(p)
		s.notice(p)
	}
}

// forward sends a registered call.
func (s *strand) forward(p *pending) { s.pass(p, s.b.g.send) }

// pass is forward by one of the ways to send.
func (s *strand) pass(p *pending, send sends) {
	body := p.call.Append(s.callHead(p))
	p.size = len(body)
	if err := send(wire.Call, s.t.Own, body); err != nil {
		s.b.g.log.Debug("call not forwarded", "error", err)
	}
}

// blocked is the thread's signal mask while it waits in a call.
func (s *strand) blocked() uint64 {
	st, err := s.b.Family.FS.ThreadStatus(s.b.PID, s.t.TID)
	if err != nil {
		return 0
	}
	return st.SigBlk
}

// replied takes a result from home. Link reader.
func (g *Guest) replied(own int, data []byte) {
	s := g.strandByOwn(own)
	if s == nil || len(data) < 8 {
		return // the thread is gone
	}
	s.mu.Lock()
	p := s.call
	asked := p != nil && p.rpc != nil
	s.mu.Unlock()
	if p == nil || p.serial != le.Uint64(data) {
		return
	}
	if !asked && s.b.waitsForPages() { // the reader must not wait for a page
		data = append([]byte(nil), data...)
		go g.take(s, p, data)
		return
	}
	g.take(s, p, data)
}

// take gives a thread what home has answered.
func (g *Guest) take(s *strand, p *pending, data []byte) {
	g.count(p, len(data))
	s.b.answers(p)
	ret, outs, err := syscalls.DecodeReply(data[8:])
	g.log.Debug("reply", "thread", s.t.Own, "result", ret)
	if err != nil {
		g.log.Error("undecodable reply", "error", err)
		ret, outs = -int64(unix.EIO), nil
	}
	if p.rpc != nil {
		if p.child && ret > 0 {
			g.expectChild(int(ret))
		}
		var copies [][]byte
		for _, o := range outs {
			copies = append(copies, append([]byte(nil), o...))
		}
		select {
		case p.rpc <- result{ret, copies}:
		default: // answered already
		}
		return
	}
	if p.row == nil {
		return // what the supervisor asks for itself waits no more, or not yet
	}
	if ret == wire.OwnFile {
		var m wire.OwnFileMsg
		if len(outs) == 1 && wire.Decode(outs[0], &m) == nil {
			s.unenter(p)
			go s.ownFile(p, m)
			return
		}
		ret, outs = -int64(unix.EIO), nil
	}
	if p.call != nil {
		read := ret
		if ret = p.call.Scatter(ret, outs, s.b.memory()); ret == -int64(unix.EFAULT) && s.putsBack(p, read, outs) {
			return
		}
	}
	s.finish(p, ret)
}

const (
	restartLow   = -516
	restartHigh  = -512
	restartBlock = -516
)

// finish gives a thread the result of its call.
func (s *strand) finish(p *pending, ret int64) {
	b := s.b
	if ret == -noIntr && p.mask == 0 {
		ret = p.remade()
	}
	if ret == -int64(unix.EINTR) && p.row.EndsWithEintr() && s.again(p) {
		return
	}
	restarts := ret >= restartLow && ret <= restartHigh
	if names.ChangesDirectory(p.nr) && ret == 0 {
		b.changesDirectory()
	}
	if p.nr == unix.SYS_EXIT_GROUP {
		b.setEnding(false) // home did not do it: the call is made again
	}
	if (restarts && ret != -noIntr || ret == -int64(unix.EINTR)) && p.mask != 0 { // what has not begun begins anew
		if s.underMask(p) {
			return
		}
		// A signal that its mask holds back runs its handler before the call, which begins anew; one that only its
		// mask lets through would run it nowhere: it ends the call where that is made again.
		if !s.endsUnder(p) || !restarts && !s.deliverable(0, true) {
			ret, restarts = -noIntr, true
		}
	}
	if p.changes && !restarts && ret != -int64(unix.EINTR) {
		s.atHome.Store(p.after)
	}
	b.mu.Lock()
	freezing := b.freezing
	if !restarts {
		b.numbers(p.nr, p.args, ret)
		b.closes(p.nr, p.args, ret)
		b.arm()
		b.lend(p)
	}
	s.mu.Lock()
	s.call = nil
	s.restarted = restarts
	switch {
	case !restarts: // else a restart_syscall may have to be made again
		s.forgetRestart()
	case ret == restartBlock && freezing && sleeps(p.nr) && !p.until.IsZero():
		// What the kernel remembers points into the deputy's own memory: the
		// wait is made again, for the rest of its time.
		ret = noHand
		s.rest = p.left()
	case ret == restartBlock:
		s.restart, s.restartUntil = p.nr, p.until
	case p.again || !p.until.IsZero(): // it is made again from its beginning, for what is left of its time
		s.rest = p.left()
	}
	s.mu.Unlock()
	b.mu.Unlock()
	if !restarts {
		b.answer(p.id, ret)
		return
	}
	// A restart code may only go to a thread that passes through the kernel's
	// signal handling: otherwise the program would see it.
	b.g.fam.Loop.Post(func() {
		_ = ptrace.Interrupt(s.t.TID)
		b.answer(p.id, ret)
	})
}

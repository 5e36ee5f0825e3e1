package deputy

import (
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/naming"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// job is one request of a guest's thread.
type job struct {
	link *link
	frame
}

// begun: the request does not wait any more.
func (j job) begun() job {
	j.link.waiting.give(len(j.data))
	return j
}

// drain throws away what a thread that is gone has left.
func (d *deputy) drain() {
	for {
		select {
		case j := <-d.work:
			j.begun()
		default:
			return
		}
	}
}

// placed remembers where a call's segments were, so that restart_syscall can
// return what the interrupted call would have returned.
type placed struct {
	call *syscalls.Call
	offs []int
}

const (
	sigSetMask    = 2
	restartNoIntr = -513
	forever       = 1000 * time.Hour
)

// run executes what the guest's thread asks for, one request after the other,
// as the thread itself does.
func (d *deputy) run() {
	// Nothing is blocked at home but what a descriptor gives: every signal is for the
	// guest to judge. What is pending is delivered at once, so this waits until
	// nobody holds the thread.
	if !d.use(func() { d.setMask(d.waits) }) {
		return
	}
	d.before.Add(-1)
	defer d.drain()
	for {
		j, ok := d.next()
		if !ok || !d.use(func() { d.do(j) }) {
			return
		}
		d.before.Add(-1)
	}
}

// next waits for a request, and gives memory back meanwhile. False: the thread is
// no deputy any more.
func (d *deputy) next() (job, bool) {
	for {
		select {
		case <-d.quit:
			return job{}, false
		case j := <-d.work:
			return j.begun(), true
		default:
		}
		if d.giveSome() {
			continue
		}
		select {
		case <-d.quit:
			return job{}, false
		case j := <-d.work:
			return j.begun(), true
		case <-d.gives:
		}
	}
}

// use lets f have the thread's slot. False: the thread is no deputy any more.
func (d *deputy) use(f func()) bool {
	d.using.Lock()
	defer d.using.Unlock()
	select {
	case <-d.quit:
		return false
	default:
	}
	f()
	return true
}

func (d *deputy) do(j job) {
	d.p.calls.Add(1)
	if j.kind != wire.Exec {
		d.unseal()
	}
	switch j.kind {
	case wire.Call:
		d.forward(j)
	case wire.Clone:
		d.clone(j)
	case wire.Exec:
		d.execve(j)
	case wire.Exit:
		d.exit(j)
	case wire.MapFile:
		d.mapFile(j)
	case wire.Text:
		d.text(j)
	case wire.Behind:
		d.behind(j)
	case wire.Opened:
		d.opened(j)
	case wire.Wrote:
		d.wrote(j)
	case wire.Mapping:
		d.mapping(j)
	case wire.Blocked:
		d.blocked(j)
	case wire.Keep:
		d.keep(j)
	}
}

func (d *deputy) reply(j job, serial uint64, ret int64, outs [][]byte) {
	d.answer(j, serial, syscalls.AppendReply(nil, ret, outs))
}

// answer is reply of what has been made ready to travel.
func (d *deputy) answer(j job, serial uint64, answer []byte) {
	var s [8]byte
	le.PutUint64(s[:], serial)
	d.p.catchUp(j.link)
	d.p.says()
	if err := j.link.send(wire.Reply, d.t.Own, s[:], answer); err != nil {
		d.p.s.log.Debug("reply not sent", "thread", d.t.Own, "error", err)
	}
}

func (d *deputy) forward(j job) {
	if len(j.data) < wire.CallHead {
		j.link.complain("short call", "thread", d.t.Own)
		return
	}
	serial := le.Uint64(j.data)
	c, err := syscalls.DecodeCall(j.data[wire.CallHead:])
	if err != nil {
		j.link.complain("undecodable call", "thread", d.t.Own, "error", err)
		d.reply(j, serial, -int64(unix.ENOSYS), nil)
		return
	}
	if !syscalls.MayForward(c.Nr, c.Args) && !d.p.waitsForShared(c) || c.Nr == unix.SYS_MMAP && d.p.reserved(c.Args[0], c.Args[1]) {
		j.link.complain("the guest side forwards a call that is not made at home", "thread", d.t.Own, "call", c.Nr)
		d.reply(j, serial, -int64(unix.EPERM), nil)
		return
	}
	if d.readOn != nil && sleeps(c) {
		d.relieve()
	}
	if d.givesFirst.Swap(false) {
		d.relieve()
		d.giveRest()
	}
	// A signal that came together with the end would break it off.
	last := c.Nr == unix.SYS_EXIT_GROUP
	if !d.awaitCont(serial) || !d.begin(serial, last) {
		d.reply(j, serial, restartNoIntr, nil)
		return
	}
	if last {
		d.mu.Lock()
		d.ends = true
		d.mu.Unlock()
	}
	if j.data[8]&wire.MaskForKept != 0 {
		d.mayGive(c)
		d.follow(le.Uint64(j.data[17:]))
	}
	if r := d.p.s.joint.guards.By(d.p.caller(d.t.TID), c.Nr, c.Args, syscalls.RightsOf(c)); r.Any() {
		d.relieve() // pages come by the link
		defer d.p.s.joint.guards.BringFor(r)()
	}
	d.from = j.link
	defer d.leaveBulk() // when the reply has gone out, too
	masked := j.data[8]&wire.MaskForCall != 0
	if masked {
		d.setMask(le.Uint64(j.data[9:]))
	}
	begun := time.Now()
	turn := d.p.sharing.begins(c.Nr)
	ret, outs, ok := d.executeTimed(c, serial, j.data[8]&wire.MadeAgain != 0)
	d.p.s.calls.Add(c.Nr, time.Since(begun), 0, 0)
	if masked && ok {
		d.setMask(d.waits)
	}
	if m := d.ownFile(c, ret); ok && m != nil {
		ret, outs = wire.OwnFile, [][]byte{wire.Encode(*m)}
	}
	d.finish()
	if ok && j.data[8]&wire.MaskForAfter != 0 && !isBroken(ret) {
		d.follow(le.Uint64(j.data[9:])) // what its mask has held back until now comes before the reply
	}
	if ok && ret == 0 && c.Nr == unix.SYS_RT_SIGACTION {
		d.p.noteAction(c)
	}
	if ok {
		d.p.account(c, ret, outs)
		d.noteSharing(c, ret, turn)
	}
	d.p.sharing.ends(turn)
	if ok {
		d.sendAhead(j, c, ret)
		d.noteWrites(c, ret)
		answer := syscalls.AppendReply(nil, ret, outs) // what comes next uses the same memory
		if run, looks := d.noteCall(c, ret, outs, le.Uint32(j.data[wire.UsedOff:])); !isBroken(ret) {
			d.foretell(j, run, looks)
		}
		d.giveCredit(j, c, ret) // the newest
		d.answer(j, serial, answer)
		d.noteNames(j, serial, begun, c, ret)
	}
}

// noteNames learns what the result of a call shows of names.
func (d *deputy) noteNames(j job, serial uint64, began time.Time, c *syscalls.Call, ret int64) {
	switch {
	case !d.p.sharesNames.Load():
	case ret >= 0 && names.ChangesView(c.Nr):
		d.p.sharesNames.Store(false)
	default:
		d.p.s.naming.Learn(naming.Shown{Side: j.link.conn, PID: d.p.PID, Own: d.t.Own, Serial: serial, Began: began}, c, ret)
	}
}

// noteAction remembers a signal action that the program has set at home too.
func (p *proc) noteAction(c *syscalls.Call) {
	sig := int(int32(c.Args[0]))
	if sig < 1 || sig >= len(p.actions) {
		return
	}
	for i := range c.Segs {
		in := c.Segs[i].In
		if c.Segs[i].Arg != 1 || len(in) < 32 {
			continue
		}
		p.mu.Lock()
		p.actions[sig] = image.Action{Handler: le.Uint64(in), Flags: le.Uint64(in[8:]), Restorer: le.Uint64(in[16:]), Mask: le.Uint64(in[24:])}
		p.mu.Unlock()
	}
}

// setMask lets a call see the caller's signal mask: the kernel looks at it
// before it stops a background process that touches its terminal.
func (d *deputy) setMask(m uint64) {
	slot := d.t.Slot
	if slot == nil {
		return // the thread has gone home or ended
	}
	const off = stub.WindowSize - 64
	for {
		le.PutUint64(slot.Window()[off:], m)
		slot.Post(unix.SYS_RT_SIGPROCMASK, [6]uint64{sigSetMask, slot.WindowAddr() + off, 0, 8})
		if ret, ok := slot.Await(forever); !ok || ret != restartNoIntr {
			return
		}
	}
}

// windowMax leaves the end of the window to the supervisor's own small calls.
const windowMax = stub.WindowSize - 4096

// execute runs a call in the deputy's thread. ok is false when the thread ended.
func (d *deputy) execute(c *syscalls.Call) (int64, [][]byte, bool) {
	slot := d.t.Slot
	if slot == nil {
		return 0, nil, false
	}
	if c.Nr == unix.SYS_RESTART_SYSCALL {
		if !d.post(slot, c.Nr, c.Args) {
			return restartNoIntr, nil, true
		}
		d.begun()
		ret, ok := d.await(slot)
		if !ok || d.last.call == nil {
			return ret, nil, ok
		}
		return ret, d.last.call.Returned(ret, slot.Window(), d.last.offs, nil), true
	}
	args, offs, need, ok := c.Place(slot.WindowAddr(), slot.Window(), windowMax)
	if !ok || c.IsCut() {
		return d.bulk(c, need)
	}
	if !d.post(slot, c.Nr, args) {
		return restartNoIntr, nil, true
	}
	d.begun()
	ret, ok := d.await(slot)
	if !ok {
		return 0, nil, false
	}
	ret = d.whole(c.Nr, args, ret)
	d.last = placed{c, offs}
	return ret, c.Returned(ret, slot.Window(), offs, nil), true
}

// whole has a call that was broken off, and is to give all that it was asked for, do that.
func (d *deputy) whole(nr int, args [6]uint64, ret int64) int64 {
	if tracee.AwaitsRest(nr, args, ret) {
		d.relieve() // who sends may be a guest that is heard by this reader
	}
	return d.p.ReadRest(nr, args, ret)
}

// exit ends one thread of the deputy. It answers nothing: the guest's thread is gone.
func (d *deputy) exit(j job) {
	code := uint64(0)
	if len(j.data) == 4 {
		code = uint64(le.Uint32(j.data))
	}
	d.t.Issue(unix.SYS_EXIT, [6]uint64{code})
}

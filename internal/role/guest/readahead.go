package guest

import (
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// aheadFile is the file that a body has just opened or read: home has sent what
// the next calls would give. It is given out as long as nothing else has come for
// the process, and for a moment only. Guarded by body.mu.
type aheadFile struct {
	wire.AheadFile
	of     *pending // the call with whose reply it came
	memory []byte   // that the contents lie in; nil: somebody else's
	number uint64   // by which the body tells these contents from others
	at     uint64   // the descriptor's offset, as the program sees it
	told   uint64   // ... as home knows it
	read   bool     // some of it was given out that home does not know of
	fresh  bool     // nothing has come since
	until  time.Time
	here   *wire.OpenedMsg // it was opened here, and home has not heard of it: opened.go
	timer  *time.Timer     // tells home what was read, if the program does nothing more
	speed  speed           // at which the program reads it
	learnt uint64          // facts that home had told when it came
	next   *nextPiece      // what was asked for: readon.go; nil: nothing
}

// current tells whether what has come ahead is still what home would say. Of a file
// that was opened here it is until home says otherwise.
func (f *aheadFile) current() bool {
	return f.here != nil || f.fresh && time.Now().Before(f.until)
}

// aheadTime is how late the results of calls may be given out: a program that
// takes longer between two calls is to see the file as it is by then.
const aheadTime = 20 * time.Millisecond

// wentAhead takes what home sends ahead of a reply. Link reader.
func (g *Guest) wentAhead(own int, data []byte) {
	f, err := wire.DecodeAhead(data)
	if err != nil {
		g.log.Warn("bad word of a file", "error", err)
		return
	}
	s := g.strandByOwn(own)
	if s == nil {
		g.conn.Spare(data)
		return
	}
	if f.Continues {
		s.wentOn(&f, data)
		return
	}
	b := s.b
	s.mu.Lock()
	p := s.call
	s.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Quiet && !b.gone && !b.several() {
		b.closable.opens(f.FD)
	}
	// Was there another one, what was done with that is not told yet.
	if b.ahead != nil || b.gone || b.several() && !s.takesAhead(&f) || !g.pieces.take(len(data)) {
		g.conn.Spare(data)
		return
	}
	a := &aheadFile{AheadFile: f, of: p, memory: data, at: f.Offset, told: f.Offset, fresh: true, until: time.Now().Add(aheadTime), learnt: g.learnt.Load()}
	a.number = b.counts()
	a.timer = time.AfterFunc(aheadTime, func() { b.tellRead(a) })
	b.ahead = a
}

// aged: something has come for the process; what it hears next may be newer
// than what has come ahead. Precondition: b.mu is held.
func (b *body) aged() {
	b.revoke()
	b.lastMapped = nil
	b.wrote.credit = wire.CreditMsg{}
	b.foretold.drop()
	b.outdates()
	if b.ahead != nil {
		b.ahead.fresh = false // which says nothing of one that was opened here
		b.askInstead()
	}
}

// behind tells home what was written, and what was done with the file that has come
// ahead, before anything that could show it. Precondition: b.mu is held.
func (b *body) behind(thread int, closed bool) {
	b.revoke()
	f := b.ahead
	b.drop()
	if closed && f != nil && f.here != nil {
		return // as if it had never been there: reading it changes nothing
	}
	b.tellWritten(thread)
	if f == nil {
		return
	}
	if f.here != nil {
		f.here.Offset = f.at
		b.closable.opens(f.FD)
		_ = b.g.post(wire.Opened, thread, wire.Encode(*f.here))
		return
	}
	m, say := f.done(), b.g.post
	if m.Close = closed; closed {
		say = b.g.along // fromAhead pushes it
	}
	if m.Seek || m.Read || m.Close {
		_ = say(wire.Behind, thread, m.Append(nil))
	}
}

// done is what home does not know yet. Precondition: body.mu is held.
func (f *aheadFile) done() wire.BehindMsg {
	return wire.BehindMsg{FD: f.FD, Offset: f.at, Seek: f.at != f.told, Read: f.read, Pipe: f.Pipe}
}

// drop forgets what has come ahead. A read that waits for more of it, which can only be
// when the body is being frozen or has ended, is made again. Precondition: b.mu is held.
func (b *body) drop() {
	f := b.ahead
	if f == nil {
		return
	}
	b.ahead = nil
	if f.timer != nil {
		f.timer.Stop()
	}
	if p := f.waiting(); p != nil {
		p.s.making(nil)
		b.held = append(b.held, p)
	}
	if f.next != nil {
		b.g.release(f.next.memory)
	}
	b.g.release(f.memory)
}

// tellRead tells home how far a program has read that has done nothing since.
func (b *body) tellRead(f *aheadFile) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.ahead != f || b.freezing:
	case f.waiting() != nil || f.current() || f.next != nil && f.next.current():
		f.timer.Reset(aheadTime)
	default:
		b.behind(b.voice(), false)
	}
}

// fromAhead ends a call by what has come ahead. False: home has to be asked.
func (s *strand) fromAhead(p *pending) bool {
	b := s.b
	if p.nr == unix.SYS_READ && s.slateNow(p) {
		return true
	}
	b.mu.Lock()
	if s.closesQuietly(p) {
		b.mu.Unlock()
		b.answer(p.id, 0)
		b.g.conn.Push()
		return true
	}
	f := b.ahead
	if f == nil || b.freezing || b.several() && !b.givesSeveral(p) {
		b.mu.Unlock()
		return false
	}
	if s.awaitsPiece(p, f) {
		b.mu.Unlock()
		return true
	}
	if !f.current() {
		b.mu.Unlock()
		return false
	}
	ret, known := s.ofFile(p, f)
	could := p.nr == unix.SYS_READ || b.slate.pieces != nil && f.here != nil
	if known {
		b.lend(p)
	}
	b.mu.Unlock()
	if known {
		if could {
			s.consider(p.nr, p.behind)
		}
		b.answer(p.id, ret)
		b.g.conn.Push() // the program goes on meanwhile
	}
	return known
}

// ofFile precondition: b.mu is held.
func (s *strand) ofFile(p *pending, f *aheadFile) (ret int64, known bool) {
	if fd := int(int32(p.args[0])); fd != f.FD {
		return 0, false
	}
	m := s.b.memory()
	if f.Pipe && p.nr != unix.SYS_READ {
		return ofPipe(p)
	}
	switch p.nr {
	case unix.SYS_CLOSE:
		s.b.behind(s.t.Own, true)
		s.b.frees(f.FD)
		s.b.arm()
		return 0, true
	case unix.SYS_FSTAT:
		if !f.tellsState() {
			return 0, false
		}
		return writeAll(m, p.args[1], f.Stat), true
	case unix.SYS_NEWFSTATAT:
		var empty [1]byte
		if !f.tellsState() || p.args[3] != unix.AT_EMPTY_PATH || m.Read(p.args[1], empty[:]) != nil || empty[0] != 0 {
			return 0, false
		}
		return writeAll(m, p.args[2], f.Stat), true
	case unix.SYS_IOCTL:
		return -int64(unix.ENOTTY), f.HasStat && asksForTerminal(p)
	case unix.SYS_LSEEK:
		return f.seek(p.args[1], uint32(p.args[2]))
	case unix.SYS_FADVISE64:
		return 0, unheeded(p.args[2], p.args[3])
	case unix.SYS_READ:
		ret, known = f.readInto(m, p.args[1], p.args[2])
		if known {
			f.speed.read()
			s.b.hasBeenRead(f)
			s.asksOn(f, p.args[2], s.b.g.along)
		}
		return ret, known
	}
	return 0, false
}

// tellsState tells whether the file's state is still what came ahead. Reading a file sets its time of access, but for one that was
// opened here: it leaves no trace there.
func (f *aheadFile) tellsState() bool { return f.HasStat && (f.here != nil || !f.read) }

// seek is lseek(2) that asks where the descriptor stands, or goes to what has come ahead.
func (f *aheadFile) seek(to uint64, whence uint32) (ret int64, known bool) {
	switch {
	case whence == unix.SEEK_CUR && to == 0:
		return int64(f.at), true
	case whence == unix.SEEK_SET && f.Offset <= to && to <= f.end():
		f.at = to
		return int64(to), true
	}
	return 0, false
}

// unheeded tells of advice for a regular file (posix_fadvise(2)) that makes the kernel read more or less of it ahead, at most. Home
// reads ahead in its own way, and need not be told.
func unheeded(length, advice uint64) bool {
	switch int32(advice) {
	case unix.FADV_NORMAL, unix.FADV_RANDOM, unix.FADV_SEQUENTIAL, unix.FADV_NOREUSE:
		return int64(length) >= 0 // else EINVAL
	}
	return false
}

// ofPipe is what a shell asks between two lines, which a pipe answers in the same way as long as it is one: pipe(7).
func ofPipe(p *pending) (ret int64, known bool) {
	switch {
	case p.nr == unix.SYS_LSEEK && uint32(p.args[2]) <= unix.SEEK_HOLE:
		return -int64(unix.ESPIPE), true
	case p.nr == unix.SYS_IOCTL && asksForTerminal(p):
		return -int64(unix.ENOTTY), true
	}
	return 0, false
}

// asksForTerminal tells of an ioctl by which a program finds out whether something is a terminal, which no file, directory
// or pipe is: isatty(3). Interpreters ask it of each file that they open.
func asksForTerminal(p *pending) bool { return uint32(p.args[1]) == unix.TCGETS }

// hasBeenRead: what was read of a file that has come ahead changes its time of access. Precondition: b.mu is held.
func (b *body) hasBeenRead(f *aheadFile) {
	if f.here == nil {
		b.foretold.drop()
	}
}

func writeAll(m syscalls.Memory, at uint64, b []byte) int64 {
	if m.Write(at, b) != nil {
		return -int64(unix.EFAULT)
	}
	return 0
}

// readInto is read(2) of what has come ahead; what goes on behind the piece is not
// its affair.
func (f *aheadFile) readInto(m syscalls.Memory, at, count uint64) (int64, bool) {
	from := f.at - f.Offset
	have := uint64(len(f.Contents)) - min(from, uint64(len(f.Contents)))
	if !f.Complete && (count > have || have == 0) || count > 1<<30 { // it may not even be one that can be read
		return 0, false
	}
	n := min(count, have)
	if n > 0 && m.Write(at, f.Contents[from:from+n]) != nil {
		return 0, false // home finds how far it goes
	}
	f.at += n
	f.read = f.read || count > 0
	return int64(n), true
}

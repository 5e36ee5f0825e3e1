package guest

import (
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// Where home gives credit (wire.Credit), writes end here at once, and what they have
// written goes home in larger pieces: before anything else that the process says,
// and after a moment in any case. All of them could have been made when the credit
// was given. It holds until the process asks or hears of something else, and for a
// moment only: after that home has to look again.

// written is what a body has written here and not told of. Guarded by body.mu.
type written struct {
	credit wire.CreditMsg
	null   bool      // what is written by it is thrown away
	until  time.Time // the credit's end
	data   []byte    // of the descriptor fd
	fd     int
	timer  *time.Timer
}

// writtenTime is how long what was written stays here at most.
const writtenTime = 25 * time.Millisecond

// credited takes what home gives. Link reader.
func (g *Guest) credited(own int, data []byte) {
	m, err := wire.DecodeCredit(data)
	if err != nil {
		g.log.Warn("bad word of a credit", "error", err)
		return
	}
	s := g.strandByOwn(own)
	if s == nil {
		return
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if !s.b.shares && s.b.OneThread() {
		s.b.wrote.credit, s.b.wrote.null, s.b.wrote.until = m, m.Discards(), time.Now().Add(m.Time)
	}
}

// writesHere ends a write by what home has given. False: home has to be asked.
func (s *strand) writesHere(p *pending, c *syscalls.Call) bool {
	if p.nr != unix.SYS_WRITE || len(c.Segs) != 1 {
		return false
	}
	data, b := c.Segs[0].In, s.b
	b.mu.Lock()
	w := &b.wrote
	if s.discards(p, len(data)) {
		b.mu.Unlock()
		b.answer(p.id, int64(len(data)))
		return true
	}
	if int(int32(p.args[0])) != w.credit.FD || len(data) == 0 || uint64(len(data)) != p.args[2] || len(data) > min(w.credit.Bytes, wire.MaxWrote) || w.credit.Frames == 0 ||
		!time.Now().Before(w.until) || b.shares || !b.mayGoOn() {
		b.mu.Unlock()
		return false
	}
	if len(w.data)+len(data) > wire.MaxWrote {
		b.tellWritten(s.t.Own)
		if w.credit.Frames == 0 {
			b.mu.Unlock()
			return false
		}
	}
	b.foretold.drop()
	w.credit.Bytes -= len(data)
	w.data, w.fd = append(w.data, data...), w.credit.FD
	if f := b.ahead; f != nil && le.Uint64(f.Stat) == w.credit.Dev && le.Uint64(f.Stat[8:]) == w.credit.Inode {
		f.fresh = false // it reads what it has just written
	}
	if w.timer == nil {
		own := s.t.Own
		w.timer = time.AfterFunc(writtenTime, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.tellWritten(own)
		})
	}
	b.mu.Unlock()
	b.answer(p.id, int64(len(data)))
	return true
}

// discards tells whether a write ends here of which nothing is left. Precondition: body.mu is held.
func (s *strand) discards(p *pending, bytes int) bool {
	b, w := s.b, &s.b.wrote
	return w.null && w.credit.Bytes > 0 && int(int32(p.args[0])) == w.credit.FD && bytes > 0 && uint64(bytes) == p.args[2] &&
		time.Now().Before(w.until) && !b.shares && b.mayGoOn()
}

// tellWritten sends home what was written. Precondition: b.mu is held.
func (b *body) tellWritten(thread int) {
	w := &b.wrote
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	if len(w.data) == 0 {
		return
	}
	w.credit.Frames = max(w.credit.Frames-1, 0)
	_ = b.g.post(wire.Wrote, thread, wire.WroteMsg{FD: w.fd}.Head(), w.data)
	w.data = nil
}

// asks: a thread is going to hear of something else from home, which then gives
// another credit. Precondition: b.mu is held.
func (b *body) asks(thread int) {
	b.behind(thread, false)
	b.wrote.credit = wire.CreditMsg{}
	b.foretold.drop()
	b.outdates()
}

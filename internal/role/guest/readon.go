package guest

import (
	"sync/atomic"
	"time"

	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A program that reads a file from one end to the other need not wait for each piece:
// when it begins with the newest that is here, the next is asked for (wire.Behind), and home
// hears how far it has read. A read that comes before the piece waits for it.
//
// The rules are those of what has come ahead. A piece is read at home after the one
// before it, so what the program sees never goes back in time; it is given out only if nothing
// else has come for the process since the first one; and it is not older than aheadTime when
// the read begins that is first to get some of it. Whatever else the program does ends the
// sequence. Home answers in order: a piece that is no longer wanted comes before
// anything that could be taken for its successor.

// nextPiece is a piece that home was asked for. Guarded by body.mu.
type nextPiece struct {
	*wire.AheadFile        // nil: it has not come
	memory          []byte // that it lies in
	until           time.Time
	waits           *pending // a read that waits for it
}

// Sizes of pieces. They are used up in pieceTime by a program that reads at the speed at
// which it has read the one before.
const (
	leastPiece = 64 << 10
	mostPiece  = 512 << 10
	pieceTime  = 4 * time.Millisecond
)

// mostPieces bounds what all bodies of a session keep of files that have come ahead.
const mostPieces = 64 << 20

// pieces counts those bytes.
type pieces struct{ used atomic.Int64 }

// take tells whether there is room for a piece, and takes it.
func (c *pieces) take(bytes int) bool {
	if c.used.Add(int64(bytes)) > mostPieces {
		c.used.Add(-int64(bytes))
		return false
	}
	return true
}

// release gives back the memory of a piece that was taken.
func (g *Guest) release(memory []byte) {
	g.pieces.used.Add(-int64(len(memory)))
	g.conn.Spare(memory)
}

// current tells whether a read that comes now may wait for the piece, or get some of it.
func (n *nextPiece) current() bool { return time.Now().Before(n.until) }

// waiting is the read that waits for the next piece. Precondition: body.mu is held.
func (f *aheadFile) waiting() *pending {
	if f.next == nil {
		return nil
	}
	return f.next.waits
}

// through tells whether the program has read all of a piece behind which the file goes on.
func (f *aheadFile) through() bool { return !f.Complete && f.at == f.end() }

func (f *aheadFile) end() uint64 { return f.Offset + uint64(len(f.Contents)) }

// speed is that of a program between its first and its last read of a piece: what it waits
// for the next is not its own.
type speed struct {
	first, last time.Time
	bytes       int // of the piece before
	took        time.Duration
}

// read notes a read.
func (v *speed) read() {
	v.last = time.Now()
	if v.first.IsZero() {
		v.first = v.last
	}
}

// turn notes that a piece of that many bytes has been used up.
func (v *speed) turn(bytes int) {
	*v = speed{bytes: bytes, took: v.last.Sub(v.first)}
}

// in is how much it reads in a time, as far as is known.
func (v *speed) in(t time.Duration) uint64 {
	if v.took <= 0 {
		return mostPiece
	}
	return uint64(v.bytes) * uint64(t) / uint64(v.took)
}

// asksOn asks for the piece behind the newest, when the program has begun with that by
// a read of count bytes. Pieces end where a read of that size ends, so that none needs
// two of them: it is to find the file as it was at one moment. While pages of the body are
// missing, nothing may come that its reader would have to wait for. It is said by say, one
// of the ways that do not wait. Precondition: b.mu is held.
func (s *strand) asksOn(f *aheadFile, count uint64, say sends) {
	b := s.b
	if f.next != nil || f.Complete || f.HasStat || f.Pipe || f.here != nil || !f.fresh || count == 0 || count > mostPiece || b.want || b.waitsForPages() || b.several() {
		return
	}
	size := min(max(min(2*uint64(len(f.Contents)), f.speed.in(pieceTime)), leastPiece), mostPiece)
	f.next = &nextPiece{until: time.Now().Add(aheadTime)}
	b.tellWritten(s.t.Own)
	m := f.done()
	m.From, m.Bytes = f.end(), int(max(size-size%count, count))
	f.told, f.read = f.at, false
	_ = say(wire.Behind, s.t.Own, m.Append(nil))
}

// awaitsPiece goes on to the next piece, if the last one is used up and the call reads on; if
// it has not come yet, the read waits for it. False: it does not. Precondition: b.mu is held.
func (s *strand) awaitsPiece(p *pending, f *aheadFile) bool {
	n := f.next
	if n == nil || !f.fresh || p.nr != unix.SYS_READ || int(int32(p.args[0])) != f.FD || !f.through() || p.args[2] == 0 || !n.current() {
		return false
	}
	if n.AheadFile != nil {
		s.b.turn()
		return false
	}
	c, errno := p.row.Gather(p.args, s.b.memory())
	if errno != 0 || s.b.gone {
		return false
	}
	p.call, n.waits = c, p
	s.making(p)
	return true
}

// turn puts the next piece, which has come, in the place of the one that is used up.
// Precondition: b.mu is held.
func (b *body) turn() {
	f, n := b.ahead, b.ahead.next
	b.g.release(f.memory)
	f.speed.turn(len(f.Contents))
	f.AheadFile, f.memory, f.until, f.next = *n.AheadFile, n.memory, n.until, nil
	f.number = b.counts()
}

// wentOn takes a piece that was asked for, and gives it to the read that waits. Link reader.
func (s *strand) wentOn(piece *wire.AheadFile, memory []byte) {
	b := s.b
	b.mu.Lock()
	f := b.ahead
	if f == nil || f.next == nil || f.next.AheadFile != nil || piece.FD != f.FD || piece.Offset != f.end() {
		b.mu.Unlock()
		b.g.conn.Spare(memory) // it is no longer wanted
		return
	}
	n := f.next
	if !f.fresh || len(piece.Contents) == 0 && !piece.Complete || !b.g.pieces.take(len(memory)) {
		b.askInstead()
		f.next = nil
		b.mu.Unlock()
		b.g.conn.Spare(memory)
		return
	}
	n.AheadFile, n.memory = piece, memory
	p := n.waits
	if p == nil {
		b.mu.Unlock()
		return
	}
	n.waits, n.until = nil, time.Now().Add(aheadTime)
	b.turn()
	ret, known := f.readInto(b.memory(), p.args[1], p.args[2])
	if known {
		f.speed.read()
		s.asksOn(f, p.args[2], b.g.post)
		b.mu.Unlock()
		s.finish(p, ret)
		return
	}
	b.forwardNow(p)
	b.mu.Unlock()
}

// askInstead has the read that waits for a piece asked at home, as the piece is not to
// be used. It does not wait. Precondition: b.mu is held.
func (b *body) askInstead() {
	if p := b.ahead.waiting(); p != nil {
		b.ahead.next.waits = nil
		b.forwardNow(p)
	}
}

// forwardNow forwards a read that is registered, and was to be answered here.
// Precondition: b.mu is held.
func (b *body) forwardNow(p *pending) {
	b.asks(p.s.t.Own)
	p.s.pass(p, b.g.post)
}

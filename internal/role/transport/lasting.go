package transport

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// A lasting connection goes on by another when the one below it breaks: what has been sent is kept
// until the other side says that it has got it, and is sent again by the next one. So
// nothing of it is lost, comes twice, or in another order; who sends and who receives notice only
// that it took longer.
//
// Bytes are counted as they are sent, heads of frames included, from the beginning. How many of
// the other side's have come stands in the upper half of each frame's id (its lower 32 bits), so that
// it costs nothing where questions and answers take turns; where much goes one way, in a frame of its own.

const (
	// kindGot is the kind of such a frame, kindBye of the last one of a connection that is closed: what
	// ends without it has broken. No user has these.
	kindGot = 0xff
	kindBye = 0xfe
	// gotOfSmall and gotOfLarge are how many bytes come before the other side is told, if nothing
	// goes there meanwhile: of small frames, and of large ones.
	gotOfSmall = 64 << 10
	gotOfLarge = 1 << 20
	// mostKept bounds what is kept: much more than sockets hold. Who does not say that it has
	// got so much cannot go on by another connection.
	mostKept = 64 << 20
)

// Again is asked, by who is in Recv, for a connection in place of one that has broken, and why that was.
// got is how many bytes have come by it and those before; theirs is the same of the other side, which
// the two have told each other by the new one: its next frame is the next of this one. It returns
// an error when there will be none.
type Again func(why error, got uint64) (next *Framed, theirs uint64, err error)

// lasting is what a connection keeps to go on by another. All but got and told is outgoing.mu's.
type lasting struct {
	again Again

	got  atomic.Uint64 // bytes of whole frames that have come
	told atomic.Uint64 // ... as the other side knows

	sent  uint64  // bytes of frames that have been written, or were to be
	acked uint64  // ... that have come, as the other side has said
	from  uint64  // which the first byte of kept is
	kept  backlog // sent, and not acknowledged yet

	closing bool   // it is being closed here: it is not broken, whatever the other side does
	severed bool   // the connection below has broken; whoever has it mended is the one who writes
	stopped bool   // who wrote then has noticed
	mended  bool   // it goes by another than the first
	mark    uint64 // acked, when it was mended
}

// Last has the connection outlive what is below it. Both sides do that, or none. Precondition: nothing
// has been sent or received by it, and ids have 32 bits.
func (f *Framed) Last(again Again) { f.last = &lasting{again: again} }

// outcome is how a write has gone.
type outcome int

const (
	whole   outcome = iota // well, or the connection has ended
	severed                // the connection below is broken: mend has the rest written
)

// wrote is what who writes calls after that, with mu held. When it says severed, the caller
// is not the one who writes any more.
func (o *outgoing) wrote(err error) outcome {
	l := o.last
	switch {
	case o.broken != nil:
	case err != nil && l == nil:
		o.fail(fmt.Errorf("send frame: %w", err))
	case err != nil || l != nil && l.severed:
		o.sever()
		l.stopped = true
		o.room.Broadcast()
		return severed
	}
	return whole
}

// sever: what is below the connection is of no use any more; Recv will notice. Precondition: mu is
// held, the connection lasts and has not ended.
func (o *outgoing) sever() {
	l := o.last
	if l.severed || o.broken != nil {
		return
	}
	l.severed = true
	if !o.writing {
		o.writing, l.stopped = true, true
	}
	o.room.Broadcast() // to one to whom the writing was left
	go hangUp(o.conn)
}

// Sever has the connection go on by another: there is one.
func (f *Framed) Sever() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last != nil {
		f.sever()
	}
}

// Bye is Close, and waits until that has gone out, for a moment at most.
func (f *Framed) Bye() {
	_ = f.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.broken == nil {
		f.room.Wait()
	}
}

// goodbye queues what tells the other side that the connection is not broken. Precondition: mu is held.
func (o *outgoing) goodbye() {
	if o.last == nil || o.last.closing { // it has been said
		return
	}
	if o.last.closing = true; o.last.severed {
		return
	}
	header, _, _ := o.header(kindBye, 0, nil)
	o.enqueue(header[:], nil)
	if !o.writing {
		o.writing = true
		go o.drainLater()
	}
}

// keep notes what is written next. Precondition: mu is held.
func (o *outgoing) keep(head []byte, parts ...[]byte) {
	l := o.last
	if l == nil {
		return
	}
	n := len(head)
	for _, p := range parts {
		n += len(p)
	}
	l.sent += uint64(n)
	if l.kept.n+n > mostKept {
		l.from, l.kept = l.sent, backlog{}
		return
	}
	l.kept.add(head, parts...)
}

// reached: the other side has got so many bytes. Precondition: outgoing.mu is held.
func (l *lasting) reached(acked uint64) {
	l.acked = acked
	if acked > l.from {
		l.kept.drop(int(acked - l.from))
		l.from = acked
	}
}

// gotOn tells whether the other side has got something since the connection goes by what is below it.
// Precondition: outgoing.mu is held.
func (l *lasting) gotOn() bool { return !l.mended || l.acked > l.mark }

// acknowledge puts into an id how much has come.
func (l *lasting) acknowledge(id uint64) uint64 {
	if l == nil {
		return id
	}
	got := l.got.Load()
	l.told.Store(got)
	return uint64(uint32(id)) | got<<32
}

// errClaims: it cannot be an honest mistake.
var errClaims = errors.New("the other side says that it has got what was never sent, or is not kept any more")

// hears takes out of an id how much the other side has got.
func (o *outgoing) hears(id uint64) (uint64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.last
	// Of frames that are sent again it is what was true then.
	more := int32(uint32(id>>32) - uint32(l.acked))
	if more > 0 {
		if uint64(more) > l.sent-l.acked {
			return 0, errClaims
		}
		l.reached(l.acked + uint64(more))
	}
	return uint64(uint32(id)), nil
}

// recvLasting is Recv.
func (f *Framed) recvLasting() (Frame, error) {
	for {
		frame, err := f.recv()
		switch {
		case err == nil:
			frame.ID, err = f.hears(frame.ID)
		case !errors.Is(err, ErrFrameTooBig):
			if err = f.mend(err); err == nil {
				continue
			}
		}
		if err == nil && frame.Kind == kindBye {
			err = io.EOF
		}
		if err != nil {
			f.mu.Lock()
			f.fail(err)
			f.mu.Unlock()
			return Frame{}, err
		}
		f.came(len(frame.Data))
		if frame.Kind != kindGot {
			return frame, nil
		}
	}
}

// came counts a frame with so many bytes of data, and tells the other side if that is due.
func (f *Framed) came(n int) {
	due := uint64(gotOfSmall)
	if n >= worthGiving {
		due = gotOfLarge
	}
	if f.last.got.Add(uint64(headerSize+n))-f.last.told.Load() >= due {
		_ = f.Post(kindGot, 0) // an error is known to who sends next
	}
}

// mend has the connection go by another one.
func (f *Framed) mend(why error) error {
	f.mu.Lock()
	if f.broken == nil && !f.last.closing {
		f.sever()
	}
	for f.broken == nil && !f.last.closing && !f.last.stopped {
		f.room.Wait()
	}
	over := f.broken != nil || f.last.closing
	f.mu.Unlock()
	if over {
		return why
	}
	next, theirs, err := f.last.again(why, f.last.got.Load())
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.last
	if f.broken == nil && (theirs < l.from || theirs > l.sent) {
		f.fail(errClaims)
	}
	if f.broken != nil {
		_ = next.Close()
		return f.broken
	}
	l.reached(theirs)
	l.severed, l.stopped, f.yours = false, false, false
	l.mended, l.mark = true, l.acked
	f.in = next.in
	f.goBy(next.conn)
	// Not here: who receives must not wait for the other side to do so.
	go f.writeAgain(l.kept.bytes())
	return nil
}

// writeAgain writes what was sent and has not come, and what has been queued meanwhile.
// Precondition: the caller is the one who writes.
func (o *outgoing) writeAgain(kept []byte) {
	err := o.writePieces(kept)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wrote(err) != severed {
		o.drain()
	}
}

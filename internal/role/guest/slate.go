package guest

import (
	"time"

	"openmosix/internal/model/wire"
	"openmosix/internal/process/shortcut"

	"golang.org/x/sys/unix"
)

// A body that reads much of what home has told or sent ahead does so inside itself (process/shortcut): its C library's
// openat, newfstatat, read and close find states and contents in memory that it can read, and
// note in its slate which file is open and how far it was read. While it waits in a call here the supervisor takes over
// what the slate says, as if it had answered those calls itself (opened.go, readahead.go): so nothing else knows of slates.
//
// What has to be taken back while the body runs is made unreadable first; then the slate is looked at, and home is told. What the
// body has noted in the same moment home hears of when it next makes a call here, before that; of a pipe sooner, since
// others see what is in it.

// slate is that of one body. Guarded by body.mu; what it lends is changed only while its one thread waits.
type slate struct {
	answered int  // calls that could have been made inside the body, until it has one
	tried    bool // it has one, or cannot have one
	pieces   *shortcut.Pieces
	reads    int        // its last calls here that were nothing but reads of what came ahead
	lent     bool       // the body may change it
	piece    *aheadFile // what it can read of; nil: it may open files
	has      uint64     // which of those that came lies in pieces
	from     uint64     // where in the file that begins
	came     uint64     // pieces, so far
	told     *told      // what home was told of while it was lent; nil: nothing
}

// told is what home knows of a descriptor by now.
type told struct {
	opens  uint32
	fd     int
	offset uint64
	pipe   bool
}

// behind tells home of more.
func (t *told) behind(b *body, thread int, offset uint64) {
	_ = b.g.post(wire.Behind, thread, wire.BehindMsg{FD: t.fd, Seek: true, Pipe: t.pipe, Offset: offset}.Append(nil))
	t.offset = offset
}

// arm lets the body open files by itself. Precondition: b.mu is held, and its one thread waits in a call.
func (b *body) arm() {
	s := &b.slate
	if s.pieces == nil || s.lent || b.ahead != nil || b.lastMapped != nil || !b.alone || !b.mayGoOn() {
		return
	}
	if fd, known := b.lowest.Next(); known {
		s.lent = b.memory().Write(b.Base+shortcut.SlateOff, shortcut.Head(true, fd)) == nil
	}
}

// mayGoOn tells whether calls of the body may be answered without home, as only its one thread makes any and nobody wants it
// to stand still. Precondition: b.mu is held.
func (b *body) mayGoOn() bool {
	return !b.freezing && !b.want && !b.gone && b.OneThread()
}

// lend lets the body read what is left of the piece that has come ahead, now that a call is answered from it,
// if it does nothing else for a while. Precondition: b.mu is held, and its one thread waits in that call.
func (b *body) lend(p *pending) {
	s, f := &b.slate, b.ahead
	if p.nr != unix.SYS_READ || f == nil || f.here != nil {
		return
	}
	if s.reads++; s.reads < 2 || s.pieces == nil || s.lent || !f.fresh || f.at+p.args[2] > f.end() || f.waiting() != nil || !b.mayGoOn() {
		return
	}
	until, known := b.g.ticks.In(time.Until(f.until))
	if !known || len(f.Contents) > shortcut.MostPiece {
		return
	}
	if s.has != f.number {
		s.pieces.Put(f.Contents)
		s.has, s.from = f.number, f.Offset
	}
	w := shortcut.Slate{FD: int32(f.FD), Until: until, Offset: f.at - s.from}
	s.pieces.Lend(b.Base, &w)
	if b.memory().Write(b.Base+shortcut.SlateOff, w.Bytes()) == nil {
		s.lent, s.piece = true, f
	}
}

// counts numbers a piece that has come. Precondition: b.mu is held.
func (b *body) counts() uint64 {
	b.slate.came++
	return b.slate.came
}

// disarm takes over what the body has done by itself. Precondition: Guest.mu and b.mu are held, and its one thread
// waits in a call or stands still.
func (b *body) disarm(thread int) {
	s := &b.slate
	if !s.lent {
		return
	}
	w, err := b.readSlate()
	if err == nil {
		err = b.memory().Write(b.Base+shortcut.SlateOff, shortcut.Head(false, -1))
	}
	f, t := s.piece, s.told
	s.lent, s.piece, s.told = false, nil, nil
	switch {
	case err != nil:
		b.g.log.Error("what a process has read cannot be seen", "process", b.Own, "error", err)
	case f != nil:
		s.pieces.Revoke()
		b.hasRead(f, &w, t, thread)
	default:
		b.hasOpened(&w, t, thread)
	}
}

// hasRead takes over how far a body has read what came ahead. Precondition: b.mu is held, and the piece is revoked.
func (b *body) hasRead(f *aheadFile, w *shortcut.Slate, t *told, thread int) {
	at := b.slate.from + w.Offset
	switch {
	case w.State != shortcut.Piece || at < f.at || at > f.end():
		b.g.log.Error("a process has written into its slate", "process", b.Own)
	case b.ahead == f:
		if at > f.at {
			f.at, f.read = at, true
			f.speed.read()
			b.hasBeenRead(f)
		}
	case t != nil && at != t.offset:
		t.behind(b, thread, at)
	}
}

// hasOpened takes over which file a body has open. Precondition: Guest.mu and b.mu are held.
func (b *body) hasOpened(w *shortcut.Slate, t *told, thread int) {
	open := w.State == shortcut.Open
	if t != nil {
		if open && w.Opens == t.opens {
			b.takes(t.fd)
			b.closable.opens(t.fd)
			if w.Offset != t.offset {
				t.behind(b, thread, w.Offset)
			}
			return
		}
		_ = b.g.post(wire.Behind, thread, wire.BehindMsg{FD: t.fd, Close: true}.Append(nil))
	}
	if !open {
		return
	}
	m := b.g.displayed.file(w)
	if m == nil {
		b.g.log.Error("a process has written into its slate", "process", b.Own)
		return
	}
	b.takes(int(w.FD))
	b.ahead = m.opened(int(w.FD), uint64(w.Flags))
	b.ahead.at = w.Offset
}

// revoke takes back what a body that runs can read of what came ahead, and takes over how far it has. Precondition: b.mu is held.
func (b *body) revoke() {
	s := &b.slate
	if !s.lent || s.piece == nil || s.told != nil {
		return
	}
	s.pieces.Revoke()
	w, err := b.readSlate()
	if err != nil {
		return
	}
	f := s.piece
	b.hasRead(f, &w, nil, b.Own)
	s.told = &told{fd: f.FD, offset: f.at, pipe: f.Pipe}
	if f.Pipe {
		b.looksLater(s.told, aheadTime)
	}
}

// looksLater looks whether a body that makes no calls here has noted one more read of a pipe, which it had begun before the piece
// was revoked. It may have been put off the CPU in between for as long as you like.
func (b *body) looksLater(t *told, in time.Duration) {
	time.AfterFunc(in, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		s := &b.slate
		if s.told != t || b.gone {
			return
		}
		w, err := b.readSlate()
		if at := s.from + w.Offset; err == nil && w.State == shortcut.Piece && at > t.offset && at <= s.piece.end() {
			t.behind(b, b.Own, at) // there will be no more
			return
		}
		b.looksLater(t, min(2*in, mostPause))
	})
}

// mostPause is between two looks at what has been revoked.
const mostPause = time.Second

func (b *body) readSlate() (shortcut.Slate, error) {
	var room [shortcut.SlateSize]byte
	err := b.memory().Read(b.Base+shortcut.SlateOff, room[:])
	return shortcut.ParseSlate(room[:]), err
}

// takesOver is disarm before a call that may depend on what is open, or how far it was read.
func (s *strand) takesOver(nr int) {
	s.b.g.mu.Lock()
	defer s.b.g.mu.Unlock()
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if nr != unix.SYS_READ {
		s.b.slate.reads = 0
	}
	s.b.disarm(s.t.Own)
}

// handsOver is arm behind a call that home does not answer.
func (s *strand) handsOver() {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.arm()
}

// lays tells home what a body that stands still has open.
func (b *body) lays() {
	b.g.mu.Lock()
	defer b.g.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.disarm(b.Own)
	b.behind(b.Own, false)
}

package guest

import (
	"io"
	"net"
	"testing"
	"time"

	"openmosix/internal/model/abi"
	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/role/transport"

	"golang.org/x/sys/unix"
)

// A piece is taken only if it was asked for, once, and goes on where the newest ends.
func TestPiecesThatNobodyAskedFor(t *testing.T) {
	a, c := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, c) }()
	defer c.Close()
	for name, one := range map[string]struct {
		change func(b *body, piece *wire.AheadFile)
		taken  bool
		asked  bool // another is still to come
	}{
		"as asked for":         {func(*body, *wire.AheadFile) {}, true, true},
		"none asked for":       {func(b *body, _ *wire.AheadFile) { b.ahead.next = nil }, false, false},
		"no file":              {func(b *body, _ *wire.AheadFile) { b.ahead = nil }, false, false},
		"another file's":       {func(_ *body, p *wire.AheadFile) { p.FD++ }, false, true},
		"elsewhere":            {func(_ *body, p *wire.AheadFile) { p.Offset++ }, false, true},
		"home has to be asked": {func(_ *body, p *wire.AheadFile) { p.Contents = nil }, false, false},
		"something has come":   {func(b *body, _ *wire.AheadFile) { b.ahead.fresh = false }, false, false},
		"too many":             {func(b *body, _ *wire.AheadFile) { b.g.pieces.used.Store(mostPieces) }, false, false},
		"twice": {func(b *body, p *wire.AheadFile) {
			first := *p
			b.ahead.next.AheadFile, first.Contents = &first, []byte("first")
		}, false, true},
	} {
		g := &Guest{conn: transport.NewFramed(a)}
		b := &body{g: g}
		b.ahead = &aheadFile{AheadFile: wire.AheadFile{FD: 3, Offset: 100, Contents: make([]byte, 50)}, fresh: true, next: &nextPiece{until: time.Now().Add(time.Hour)}}
		piece := &wire.AheadFile{FD: 3, Continues: true, Offset: 150, Contents: []byte("contents")}
		one.change(b, piece)
		was := g.pieces.used.Load()
		(&strand{b: b}).wentOn(piece, make([]byte, 8))
		asked := b.ahead != nil && b.ahead.next != nil
		taken := asked && b.ahead.next.AheadFile == piece
		if taken != one.taken || asked != one.asked || taken != (g.pieces.used.Load() == was+8) {
			t.Errorf("%s: taken %v, asked %v, %d bytes", name, taken, asked, g.pieces.used.Load())
		}
	}
}

// A program that reads slowly gets small pieces; what it waits for the next is not its own time.
func TestSpeed(t *testing.T) {
	var v speed
	if v.in(pieceTime) != mostPiece {
		t.Error("nothing is known")
	}
	begun := time.Now()
	v.first, v.last = begun, begun.Add(2*pieceTime)
	v.turn(1 << 20)
	if got := v.in(pieceTime); got != 1<<19 {
		t.Errorf("%d", got)
	}
	v.read()
	if v.first != v.last || v.in(pieceTime) != 1<<19 {
		t.Errorf("%+v", v)
	}
}

// What is known of names may be newer than what came ahead, and then ends it.
func TestAFactMayBeNewerThanAFile(t *testing.T) {
	g := &Guest{}
	b := &body{g: g, sharesNames: true}
	s := &strand{b: b}
	absent := func(path string) {
		g.learn(0, wire.Encode(wire.KnownMsg{Path: path, Fact: uint8(names.Absent)}))
	}
	asks := func(path string) abi.Errno {
		return s.known(&pending{s: s, nr: unix.SYS_ACCESS}, &syscalls.Call{Nr: unix.SYS_ACCESS, Segs: []syscalls.Segment{{In: append([]byte(path), 0)}}})
	}
	absent("/before")
	b.ahead = &aheadFile{fresh: true, learnt: g.learnt.Load()}
	if asks("/before") != abi.Errno(unix.ENOENT) || !b.ahead.fresh {
		t.Error("an older fact")
	}
	absent("/after")
	if asks("/elsewhere") != 0 || !b.ahead.fresh {
		t.Error("home is asked")
	}
	if asks("/after") != abi.Errno(unix.ENOENT) || b.ahead.fresh {
		t.Error("a newer fact")
	}
}

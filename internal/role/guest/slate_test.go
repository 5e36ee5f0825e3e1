package guest

import (
	"net"
	"os"
	"reflect"
	"testing"

	"openmosix/internal/linux/mem"
	"openmosix/internal/model/names"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/shortcut"
	"openmosix/internal/process/tracee"
	"openmosix/internal/role/transport"

	"golang.org/x/sys/unix"
)

// reader is a body whose slate lies in this process, and what it has home be told.
type reader struct {
	t    *testing.T
	b    *body
	page []byte
	home *transport.Framed
}

func newReader(t *testing.T) *reader {
	t.Helper()
	page, err := unix.Mmap(-1, 0, slatePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	space, err := mem.Open(os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, c := net.Pipe()
	t.Cleanup(func() { _, _, _ = a.Close(), c.Close(), space.Close() })
	g := newGuest()
	g.conn = transport.NewFramed(a)
	g.answers.table, _ = shortcut.NewTable(newMemory(t))
	b := &body{g: g, Process: &tracee.Process{Mem: space}}
	b.Base = addressOf(page) - shortcut.SlateOff
	g.bodies[1] = b
	g.displayed.at = map[uint32]*readable{}
	if g.displayed.files, err = shortcut.NewFiles(newMemory(t)); err != nil {
		t.Fatal(err)
	}
	if b.slate.pieces, err = shortcut.NewPieces(newMemory(t)); err != nil {
		t.Fatal(err)
	}
	return &reader{t, b, page, transport.NewFramed(c)}
}

func newMemory(t *testing.T) int {
	t.Helper()
	f, err := memfd("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return int(f.Fd())
}

// shows displays a file, and tells its place.
func (r *reader) shows(path string) *readable {
	r.t.Helper()
	m := &readable{ReadableMsg: wire.ReadableMsg{Path: path, Stat: make([]byte, wire.StatSize), Contents: []byte("0123456789")}}
	r.b.g.readables.add(m)
	place, ok := r.b.g.displayed.files.Put(m.Stat, m.Contents)
	if !ok {
		r.t.Fatal("no room")
	}
	m.place = place
	r.b.g.displayed.at[place] = m
	r.b.g.answers.table.Put(shortcut.Key{Nr: unix.SYS_OPENAT, Path: path}, int32(place))
	return m
}

// opened is the slate of a body that has opened a file.
func (r *reader) opened(m *readable, offset uint64, opens uint32) shortcut.Slate {
	seq, _ := r.b.g.displayed.files.Seq(m.place)
	return shortcut.Slate{On: true, Next: 3, State: shortcut.Open, FD: 3, Place: m.place, Seq: seq, Offset: offset, Opens: opens}
}

func (r *reader) has(s shortcut.Slate) { copy(r.page, s.Bytes()) }

// told are the next n things that home hears.
func (r *reader) told(n int) (all []any) {
	r.t.Helper()
	for range n {
		f, err := r.home.Recv()
		if err != nil {
			r.t.Fatal(err)
		}
		switch f.Kind {
		case wire.Opened:
			var m wire.OpenedMsg
			if err := wire.Decode(f.Data, &m); err != nil {
				r.t.Fatal(err)
			}
			all = append(all, m)
		case wire.Behind:
			m, err := wire.DecodeBehind(f.Data)
			if err != nil {
				r.t.Fatal(err)
			}
			all = append(all, m)
		default:
			r.t.Fatalf("frame of kind %d", f.Kind)
		}
	}
	return all
}

// lends has the body read of what has come ahead, and gives its slate as it is then.
func (r *reader) lends(f *aheadFile) shortcut.Slate {
	b, s := r.b, &r.b.slate
	b.ahead = f
	s.pieces.Put(f.Contents)
	s.lent, s.piece, s.has, s.from = true, f, f.number, f.Offset
	w := shortcut.Slate{FD: 3}
	s.pieces.Lend(b.Base, &w)
	return w
}

// Home hears of a file that is open inside a body when it is taken back, and of what the body has done with it in that moment
// when it makes its next call.
func TestFilesThatAreTakenBack(t *testing.T) {
	opened := func(offset uint64) wire.OpenedMsg { return wire.OpenedMsg{Path: "/a", FD: 3, Offset: offset} }
	closed := wire.BehindMsg{FD: 3, Close: true}
	for name, c := range map[string]struct {
		before, after func(r *reader, a, b *readable) shortcut.Slate
		want          []any
		ahead         string // what is open here afterwards
	}{
		"read no further": {
			func(r *reader, a, _ *readable) shortcut.Slate { return r.opened(a, 4, 1) }, nil, []any{opened(4)}, ""},
		"read on": {
			func(r *reader, a, _ *readable) shortcut.Slate { return r.opened(a, 4, 1) },
			func(r *reader, a, _ *readable) shortcut.Slate { return r.opened(a, 7, 1) },
			[]any{opened(4), wire.BehindMsg{FD: 3, Seek: true, Offset: 7}}, ""},
		"closed": {
			func(r *reader, a, _ *readable) shortcut.Slate { return r.opened(a, 4, 1) },
			func(*reader, *readable, *readable) shortcut.Slate { return shortcut.Slate{On: true, Next: 3, Opens: 1} },
			[]any{opened(4), closed}, ""},
		"closed, and another one opened": {
			func(r *reader, a, _ *readable) shortcut.Slate { return r.opened(a, 4, 1) },
			func(r *reader, _, b *readable) shortcut.Slate { return r.opened(b, 2, 2) },
			[]any{opened(4), closed}, "/b"},
		"not opened after all": {
			func(r *reader, a, _ *readable) shortcut.Slate {
				s := r.opened(a, 0, 1)
				s.State, s.FD = shortcut.Opening, 0
				return s
			},
			func(*reader, *readable, *readable) shortcut.Slate {
				return shortcut.Slate{On: true, Next: 3, State: shortcut.Opening, Opens: 1}
			},
			[]any{opened(0), closed}, ""},
		"none open": {
			func(r *reader, _, _ *readable) shortcut.Slate { return shortcut.Slate{On: true, Next: 3} },
			func(r *reader, _, b *readable) shortcut.Slate { return r.opened(b, 2, 1) }, nil, "/b"},
		"another one open": {
			func(r *reader, _, b *readable) shortcut.Slate { return r.opened(b, 2, 1) }, nil, nil, "/b"},
		"a place of nothing": {
			func(r *reader, a, _ *readable) shortcut.Slate {
				s := r.opened(a, 0, 1)
				s.Place = 1 << 31
				return s
			}, nil, nil, ""},
		"behind its end": {
			func(r *reader, a, _ *readable) shortcut.Slate { return r.opened(a, 11, 1) }, nil, nil, ""},
		"to write": {
			func(r *reader, a, _ *readable) shortcut.Slate {
				s := r.opened(a, 0, 1)
				s.Flags = unix.O_RDWR
				return s
			}, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t)
			b, g := r.b, r.b.g
			b.lowest.Opened(3)
			b.lowest.Closed(3)
			a, other := r.shows("/a"), r.shows("/b")
			b.slate.lent = true
			before, after := c.before(r, a, other), shortcut.Slate{}
			if after = before; c.after != nil {
				after = c.after(r, a, other)
			}
			r.has(before)
			g.forget(wire.Encode(wire.ForgetMsg{Path: "/a"}))
			if shortcut.Has(g.answers.table, unix.SYS_OPENAT, 0, "/a") || !shortcut.Has(g.answers.table, unix.SYS_OPENAT, 0, "/b") {
				t.Error("it can still be opened, or the other one cannot")
			}
			if seq, _ := g.displayed.files.Seq(other.place); seq&1 != 0 || a.place != 0 {
				t.Error("it can still be read, or the other one cannot")
			}
			r.has(after)
			b.disarm(0)
			b.disarm(0)
			_ = b.g.post(wire.Behind, 0, wire.BehindMsg{FD: 99, Close: true}.Append(nil))
			want := append(c.want, wire.BehindMsg{FD: 99, Close: true})
			if got := r.told(len(want)); !reflect.DeepEqual(got, want) {
				t.Errorf("home hears %+v, want %+v", got, want)
			}
			ahead := ""
			if b.ahead != nil {
				ahead = b.ahead.here.Path
				if b.ahead.at != 2 || b.ahead.FD != 3 {
					t.Errorf("%+v", b.ahead)
				}
			}
			if ahead != c.ahead {
				t.Errorf("open here: %q, want %q", ahead, c.ahead)
			}
			if s := shortcut.ParseSlate(r.page); s.On || s.State != shortcut.None {
				t.Errorf("the body may go on by itself: %+v", s)
			}
		})
	}
}

// How far a body has read what came ahead is told when something else comes for it, and what it has read in that moment by its next call.
func TestPiecesThatAreTakenBack(t *testing.T) {
	for name, c := range map[string]struct {
		state    uint32
		at, then uint64 // in the piece: when it is taken back, and afterwards
		want     []any
	}{
		"read no further": {shortcut.Piece, 20, 20, []any{wire.BehindMsg{FD: 3, Offset: 120, Seek: true, Read: true}}},
		"read on":         {shortcut.Piece, 20, 30, []any{wire.BehindMsg{FD: 3, Offset: 120, Seek: true, Read: true}, wire.BehindMsg{FD: 3, Offset: 130, Seek: true}}},
		"nothing read":    {shortcut.Piece, 0, 0, nil},
		"behind its end":  {shortcut.Piece, 51, 51, nil},
		"not lent":        {shortcut.None, 20, 20, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t)
			b := r.b
			f := &aheadFile{AheadFile: wire.AheadFile{FD: 3, Offset: 100, Contents: make([]byte, 50)}, at: 100, told: 100, fresh: true, number: b.counts()}
			w := r.lends(f)
			w.State, w.Offset = c.state, c.at
			r.has(w)
			b.behind(0, false) // as by the timer
			w.Offset = c.then
			r.has(w)
			b.disarm(0)
			_ = b.g.post(wire.Behind, 0, wire.BehindMsg{FD: 99, Close: true}.Append(nil))
			want := append(c.want, wire.BehindMsg{FD: 99, Close: true})
			if got := r.told(len(want)); !reflect.DeepEqual(got, want) {
				t.Errorf("home hears %+v, want %+v", got, want)
			}
		})
	}
}

// Of a pipe home hears it although the body makes no more calls: who writes to it sees what is in it.
func TestPipesThatAreTakenBack(t *testing.T) {
	r := newReader(t)
	b := r.b
	f := &aheadFile{AheadFile: wire.AheadFile{FD: 3, Pipe: true, Offset: 100, Contents: make([]byte, 50)}, at: 100, told: 100, fresh: true, number: b.counts()}
	w := r.lends(f)
	w.State, w.Offset = shortcut.Piece, 20
	r.has(w)
	b.mu.Lock()
	b.behind(0, false)
	w.Offset = 21
	r.has(w)
	b.mu.Unlock()
	want := []any{wire.BehindMsg{FD: 3, Offset: 120, Seek: true, Read: true, Pipe: true}, wire.BehindMsg{FD: 3, Offset: 121, Seek: true, Pipe: true}}
	if got := r.told(2); !reflect.DeepEqual(got, want) {
		t.Errorf("home hears %+v, want %+v", got, want)
	}
	b.mu.Lock()
	b.disarm(0)
	b.mu.Unlock()
	_ = b.g.post(wire.Behind, 0, wire.BehindMsg{FD: 99, Close: true}.Append(nil))
	if got := r.told(1); !reflect.DeepEqual(got, []any{wire.BehindMsg{FD: 99, Close: true}}) {
		t.Errorf("home hears once more %+v", got)
	}
}

// When one that could see files is not what the others are any more, nothing is left to be seen.
func TestWhoLeavesSeesNoFiles(t *testing.T) {
	r := newReader(t)
	g := r.b.g
	m := r.shows("/a")
	r.b.sharesNames = true
	if g.sharesNames(r.b, false); m.place == 0 || g.displayed.refused {
		t.Error("it could see none")
	}
	r.b.slate.tried, r.b.sharesNames = true, true
	s := &strand{b: r.b}
	if !names.ChangesView(unix.SYS_SETUID) {
		t.Fatal("who sets his user id")
	}
	s.known(&pending{s: s, nr: unix.SYS_SETUID}, nil)
	if m.place != 0 || !g.displayed.refused || shortcut.Has(g.answers.table, unix.SYS_OPENAT, 0, "/a") {
		t.Error("they are still there")
	}
	if s.show(m, []byte("/a")); m.place != 0 {
		t.Error("they come back")
	}
}

package shortcut

import (
	"bytes"
	"errors"
	"testing"

	"openmosix/internal/model/image"
)

// Undo knows the first instructions by their lengths.
func TestBeginningOfTheCode(t *testing.T) {
	c := Load()
	for i := 0; i < registersKept; i += 8 {
		if b := c[i:]; b[0]&^4 != 0x48 || b[1] != 0x89 || b[3] != 0x24 || b[2]&0xc7 != 0x84 || !bytes.Equal(b[5:8], []byte{0xff, 0xff, 0xff}) {
			t.Errorf("% x at %d stores no register below the stack", b[:8], i)
		}
	}
	if b := c[registersKept:flagsKept]; !bytes.Equal(b, []byte{0x89, 0xc3, 0x9f, 0x0f, 0x90, 0xc0, 0x89, 0x84, 0x24, 0x40, 0xff, 0xff, 0xff}) {
		t.Errorf("% x keeps no flags", b)
	}
	if b := c[flagsKept:answer]; b[0] != 0xeb || !bytes.Equal(b[2:], []byte{0x4d, 0x89, 0x10}) {
		t.Errorf("% x: no store of r10 is all that is left to do before an answer", b)
	}
	if b := c[answer:leave]; !bytes.Equal(b[len(b)-6:], []byte{0x4c, 0x89, 0xc8, 0x49, 0x89, 0xcb}) {
		t.Errorf("% x does not end with r9 as the result, and where to go on in r11", b)
	}
	if b := c[leave:left]; len(b) != 7*8+3 || !bytes.Equal(b[7*8:], []byte{0x41, 0xff, 0xe3}) {
		t.Errorf("% x does not end with the jump back", b)
	}
	if bytes.Contains(c, []byte{0x0f, 0x05}) {
		t.Error("it makes a system call")
	}
	if CodeOff+len(c) > 0x800 {
		t.Errorf("%d bytes reach into what else is in the stub's page", len(c))
	}
}

func TestUndo(t *testing.T) {
	const base, site, stack, nr = 0x2f6d00000400, 0x7f0000001000, 0x7ffc00001000, 89
	c := Load()
	kept := make([]byte, keptSize)
	kept[0], kept[1] = 1, 0x45
	for i := range 7 {
		le.PutUint64(kept[8+8*i:], uint64(99+i))
	}
	read := func(at uint64, b []byte) error {
		if at != stack-keptOff || len(b) != keptSize {
			t.Fatalf("reads %d bytes at %#x", len(b), at)
		}
		copy(b, kept)
		return nil
	}
	known := func(behind uint64) (uint32, bool) { return nr, behind == site+7 }
	in := image.Regs{Rcx: site + 7, Rsp: stack, Rax: 1, R11: 2, Rbx: 3, Rbp: 4, R8: 5, R9: 6, R10: 7, Rdi: 8, Rsi: 9, Rdx: 10, OrigRax: ^uint64(0), Eflags: 0x246}
	for off := range len(c) {
		r := in
		r.Rip = base + uint64(off)
		want := in
		want.Rax, want.Rip = nr, site+5
		if off >= registersKept {
			want.Rdx, want.Rdi, want.R10, want.R9, want.R8, want.Rbp, want.Rbx = 99, 100, 101, 102, 103, 104, 105
		}
		if off >= flagsKept {
			want.Eflags = 0x246&^0xd5 | 0x45 | 0x800
		}
		if off >= answer && off < leave { // it has been made
			want.Rax, want.Rip = in.R9, site+7
		}
		if !c.Undo(&r, base, known, read) || r != want {
			t.Errorf("at %d: %+v, want %+v", off, r, want)
		}
		if off >= leave && off < left { // it has, if it goes on there
			r, want.Rax, want.Rip, want.R11 = in, in.Rax, site+7, in.Rcx
			r.Rip, r.R11 = base+uint64(off), in.Rcx
			if !c.Undo(&r, base, known, read) || r != want {
				t.Errorf("with an answer, at %d: %+v, want %+v", off, r, want)
			}
		}
	}
	for name, change := range map[string]func(*image.Regs){
		"behind the code":  func(r *image.Regs) { r.Rip = base + uint64(len(c)) },
		"before it":        func(r *image.Regs) { r.Rip = base - 1 },
		"from nowhere":     func(r *image.Regs) { r.Rcx = 7 },
		"in a system call": func(r *image.Regs) { r.OrigRax = 89 },
	} {
		r := in
		r.Rip = base
		change(&r)
		was := r
		if c.Undo(&r, base, known, read) || r != was {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// instructions is memory with a program's instructions before a call.
type instructions struct {
	at uint64
	b  []byte
}

func (m *instructions) Read(at uint64, b []byte) error {
	copy(b, m.b[at-m.at:])
	return nil
}

func (m *instructions) Write(at uint64, b []byte) error {
	copy(m.b[at-m.at:], b)
	return nil
}

var (
	asMove    = []byte{0xb8, 89, 0, 0, 0, 0x0f, 0x05}
	asCompare = []byte{0x80, 0x3d, 0x31, 0x33, 0x0e, 0, 0, 0x74, 0x17, 0x31, 0xc0, 0x0f, 0x05}
)

func TestPatch(t *testing.T) {
	const site, page = 0x7f0000001000, 4096
	for name, c := range map[string]struct {
		nr     int
		was    []byte
		undone map[uint64]uint64 // from where in the landing on a thread is put where, from the site
	}{
		"move":    {89, asMove, map[uint64]uint64{0: 5}},
		"compare": {0, asCompare, map[uint64]uint64{0: 0, 15: 11}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &instructions{site, make([]byte, 2*page)}
			copy(m.b, c.was)
			p, err := New(m, site+uint64(len(c.was)), site+page, c.nr, 0x2f6d00000400, 0x2f6d20200000)
			if err != nil || p.Site != site || p.Behind() != site+uint64(len(c.was)) {
				t.Fatal(p, err)
			}
			if err := p.Make(m); err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(m.b[:len(c.was)], c.was) || !bytes.Equal(m.b[5:len(c.was)], c.was[5:]) {
				t.Errorf("% x", m.b[:16])
			}
			to := c.undone[0]
			for off := range uint64(landingSize) {
				if n, has := c.undone[off]; has {
					to = n
				}
				r := image.Regs{Rip: site + page + off, Rax: 77, OrigRax: ^uint64(0)}
				rax := uint64(77)
				if to != 0 {
					rax = uint64(c.nr)
				}
				if !p.UndoRegs(&r) || r.Rip != site+to || r.Rax != rax {
					t.Errorf("landing, at %d: %+v", off, r)
				}
			}
			if r := (image.Regs{Rip: p.Landing + landingSize, OrigRax: ^uint64(0)}); p.UndoRegs(&r) {
				t.Error("behind the landing")
			}
			if err := p.Undo(m); err != nil || !bytes.Equal(m.b[:len(c.was)], c.was) || !bytes.Equal(m.b[len(c.was):], make([]byte, 2*page-len(c.was))) {
				t.Errorf("% x, %v", m.b[:16], err)
			}
			if _, err := New(m, site+uint64(len(c.was)), site+1<<31, c.nr, 0, 0); !errors.Is(err, ErrFar) {
				t.Errorf("a jump of 2 GiB: %v", err)
			}
			for i := range c.was {
				if c.nr == 0 && (i >= 2 && i < 6 || i == 8) {
					continue // where the flag is, and what is done if there are threads
				}
				m.b[i] ^= 0x40
				if _, err := New(m, site+uint64(len(c.was)), site+page, c.nr, 0, 0); !errors.Is(err, ErrOther) {
					t.Errorf("another byte %d: %v", i, err)
				}
				m.b[i] ^= 0x40
			}
		})
	}
}

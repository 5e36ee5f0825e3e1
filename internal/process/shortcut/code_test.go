package shortcut

import (
	"bytes"
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
	if b := c[registersKept:flagsKept]; !bytes.Equal(b, []byte{0x89, 0xc3, 0x9f, 0x0f, 0x90, 0xc0, 0x89, 0x84, 0x24, 0x48, 0xff, 0xff, 0xff}) {
		t.Errorf("% x keeps no flags", b)
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
	for i := range 6 {
		le.PutUint64(kept[8+8*i:], uint64(100+i))
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
			want.Rdi, want.R10, want.R9, want.R8, want.Rbp, want.Rbx = 100, 101, 102, 103, 104, 105
		}
		if off >= flagsKept {
			want.Eflags = 0x246&^0xd5 | 0x45 | 0x800
		}
		if !c.Undo(&r, base, known, read) || r != want {
			t.Errorf("at %d: %+v, want %+v", off, r, want)
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
	p, ok := New(site, site+0x1000, nr, base, 0x2f6d00080000)
	if !ok {
		t.Fatal("too far")
	}
	for off := range uint64(landingSize) {
		r := in
		r.Rip = p.Landing + off
		want := in
		want.Rax, want.Rip = nr, site+5
		if !p.UndoRegs(&r) || r != want {
			t.Errorf("landing, at %d: %+v", off, r)
		}
	}
	if r := (image.Regs{Rip: p.Landing + landingSize, OrigRax: ^uint64(0)}); p.UndoRegs(&r) {
		t.Error("behind the landing")
	}
	if _, ok := New(site, site+1<<31, nr, base, 0); ok {
		t.Error("a jump of 2 GiB")
	}
}

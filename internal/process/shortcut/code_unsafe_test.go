package shortcut

import (
	"bytes"
	"encoding/binary"
	"os"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// frame is what the harness loads and stores.
type frame struct {
	rdi, rsi, rdx, r10, r8, r9, rbx, rbp, flags uint64
	after                                       struct{ flags, rax, rdi, rsi, rdx, r10, r8, r9, rbx, rbp uint64 }
}

// harness is a function of machine code that makes one call with the registers of f; site is where in it the call begins.
func harness(f *frame, nr uint32) (code []byte, site int) {
	b := []byte{0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x49, 0xbc} // push rbx, rbp, r12, r13; movabs f,r12
	b = binary.LittleEndian.AppendUint64(b, uint64(uintptr(unsafe.Pointer(f))))
	b = append(b,
		0x49, 0x8b, 0x3c, 0x24, 0x49, 0x8b, 0x74, 0x24, 8, 0x49, 0x8b, 0x54, 0x24, 16, 0x4d, 0x8b, 0x54, 0x24, 24,
		0x4d, 0x8b, 0x44, 0x24, 32, 0x4d, 0x8b, 0x4c, 0x24, 40, 0x49, 0x8b, 0x5c, 0x24, 48, 0x49, 0x8b, 0x6c, 0x24, 56,
		0x41, 0xff, 0x74, 0x24, 64, 0x9d) // push flags; popf
	site = len(b)
	b = append(b, 0xb8)
	b = binary.LittleEndian.AppendUint32(b, nr)
	b = append(b, 0x0f, 0x05,
		0x9c, 0x41, 0x8f, 0x44, 0x24, 72, 0x49, 0x89, 0x44, 0x24, 80, 0x49, 0x89, 0x7c, 0x24, 88, 0x49, 0x89, 0x74, 0x24, 96,
		0x49, 0x89, 0x54, 0x24, 104, 0x4d, 0x89, 0x54, 0x24, 112, 0x4d, 0x89, 0x44, 0x24, 120,
		0x4d, 0x89, 0x8c, 0x24, 128, 0, 0, 0, 0x49, 0x89, 0x9c, 0x24, 136, 0, 0, 0, 0x49, 0x89, 0xac, 0x24, 144, 0, 0, 0,
		0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3)
	return b, site
}

// self is this process's memory.
type self struct{ f *os.File }

func (s self) Read(at uint64, b []byte) error  { _, err := s.f.ReadAt(b, int64(at)); return err }
func (s self) Write(at uint64, b []byte) error { _, err := s.f.WriteAt(b, int64(at)); return err }

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

// machine is a table, the code and a harness in this process.
type machine struct {
	t      *Table
	shared []byte // as processes see the table
	code   []byte // page: the code, then the harness and its landing
	frame  *frame
	patch  Patch
	mem    self
}

const harnessOff, landingOff = 0x800, 0xf00

func newMachine(t *testing.T, nr int) *machine {
	t.Helper()
	fd, err := unix.MemfdCreate("answers", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{frame: new(frame)}
	if m.t, err = NewTable(fd); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Mmap(fd, 0, TableSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		t.Error("the table can be mapped once more to write")
	}
	// The code finds the table's beginning by its alignment.
	room, err := unix.Mmap(-1, 0, 2*TableOff, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	at := (address(room) + TableOff - 1) &^ (TableOff - 1)
	got, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(at), TableSize, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_FIXED, uintptr(fd), 0)
	if errno != 0 || uint64(got) != at {
		t.Fatal(errno)
	}
	m.shared = room[at-address(room):][:TableSize]
	if m.code, err = unix.Mmap(-1, 0, page, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
		t.Fatal(err)
	}
	if m.mem.f, err = os.OpenFile("/proc/self/mem", os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	h, site := harness(m.frame, uint32(nr))
	for off, b := range map[int][]byte{0: Load(), harnessOff: h} {
		if err := m.mem.Write(address(m.code)+uint64(off), b); err != nil {
			t.Fatal(err)
		}
	}
	word, _ := m.t.Take()
	var ok bool
	m.patch, ok = New(address(m.code)+harnessOff+uint64(site), address(m.code)+landingOff, nr, address(m.code), at+uint64(8*word))
	if !ok {
		t.Fatal("too far")
	}
	return m
}

// call makes the call with these registers.
func (m *machine) call(in frame) frame {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	*m.frame = in
	entry := uintptr(address(m.code) + harnessOff)
	to := &entry
	f := *(*func())(unsafe.Pointer(&to))
	f()
	return *m.frame
}

func pointer(s string) uint64 {
	b := append([]byte(s), 0)
	keep = append(keep, b)
	return address(b)
}

var keep [][]byte // strings that registers point to

// The code says what the kernel says where it knows, and leaves the rest to the kernel; registers and flags are
// as the instruction leaves them.
func TestCode(t *testing.T) {
	const here = -100
	cwd := uint64(1<<64 + here)
	buf := make([]byte, 64)
	base := frame{r8: 0x1111, r9: 0x2222, rbx: 0x3333, rbp: 0x4444}
	with := func(rdi, rsi, rdx, r10 uint64) frame {
		f := base
		f.rdi, f.rsi, f.rdx, f.r10 = rdi, rsi, rdx, r10
		return f
	}
	const answer = -123 // no call gives that: so it is seen who has answered
	for _, c := range []struct {
		name string
		nr   int
		in   frame
		put  Key
		view uint32
		want int64 // answer, or the kernel's
	}{
		{"readlink", 89, with(pointer("/usr"), address(buf), 64, 7), Key{89, 0, "/usr"}, 0, answer},
		{"readlink without room", 89, with(pointer("/usr"), address(buf), 0, 7), Key{89, 0, "/usr"}, 0, -22},
		{"another path", 89, with(pointer("/etc"), address(buf), 64, 7), Key{89, 0, "/usr"}, 0, -22},
		{"a longer path", 89, with(pointer("/usr/nothere"), address(buf), 64, 7), Key{89, 0, "/usr"}, 0, -2},
		{"openat", 257, with(cwd, pointer("/none/x.h"), 0, 7), Key{257, 0, "/none/x.h"}, 0, answer},
		{"openat that makes", 257, with(cwd, pointer("/none/x.h"), 0o101, 7), Key{257, 0, "/none/x.h"}, 0, -2},
		{"openat of another call", 257, with(cwd, pointer("/none/x.h"), 0, 7), Key{262, 0, "/none/x.h"}, 0, -2},
		{"openat elsewhere", 257, with(1<<31, pointer("/none/x.h"), 0, 7), Key{257, 0, "/none/x.h"}, 0, -2},
		{"openat below", 257, with(cwd, pointer("none/x.h"), 0, 7), Key{257, 5, "none/x.h"}, 5, answer},
		{"openat below another", 257, with(cwd, pointer("none/x.h"), 0, 7), Key{257, 5, "none/x.h"}, 6, -2},
		{"openat below an unknown", 257, with(cwd, pointer("none/x.h"), 0, 7), Key{257, 5, "none/x.h"}, 0, -2},
		{"stat", 262, with(cwd, pointer("/none"), address(buf), 0x100), Key{262, 0, "/none"}, 0, answer},
		{"stat with flags", 262, with(cwd, pointer("/none"), address(buf), 0x1), Key{262, 0, "/none"}, 0, -22},
		{"nothing", 262, with(cwd, pointer(""), address(buf), 0), Key{262, 0, "/none"}, 0, -2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t, c.nr)
			native := m.call(c.in)
			if err := m.patch.Make(m.mem); err != nil {
				t.Fatal(err)
			}
			if !m.t.Put(c.put, answer) {
				t.Fatal("not put")
			}
			if got := m.call(c.in); got != native {
				t.Errorf("without a control word: %+v, natively %+v", got, native)
			}
			word := int(le.Uint64(m.patch.land[14:]) - address(m.shared))
			m.t.Control(word/8, true, c.view)
			for _, flags := range []uint64{0x202, 0x202 | 0x8d5, 0x202 | 0x801, 0x202 | 0xc4} {
				c.in.flags = flags
				want := c.in
				want.after = native.after
				want.after.rax, want.after.flags = uint64(c.want), flags
				if got := m.call(c.in); got != want {
					t.Errorf("%+v\nwant %+v", got, want)
				}
			}
			m.t.Keep(func(Key) bool { return false })
			c.in.flags = native.flags
			if got := m.call(c.in); got != native {
				t.Errorf("when it does not hold any more: %+v, natively %+v", got, native)
			}
			if err := m.patch.Undo(m.mem); err != nil {
				t.Fatal(err)
			}
			if h, _ := harness(m.frame, uint32(c.nr)); !bytes.Equal(m.code[harnessOff:harnessOff+len(h)], h) || !bytes.Equal(m.code[landingOff:], make([]byte, page-landingOff)) {
				t.Error("the instructions are not what they were")
			}
		})
	}
}

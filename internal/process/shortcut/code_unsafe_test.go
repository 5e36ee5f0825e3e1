package shortcut

import (
	"bytes"
	"encoding/binary"
	"os"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// frame is what the harness loads and stores.
type frame struct {
	rdi, rsi, rdx, r10, r8, r9, rbx, rbp, flags uint64
	after                                       struct{ flags, rax, rdi, rsi, rdx, r10, r8, r9, rbx, rbp uint64 }
}

// harness is a function of machine code that makes one call with the registers of f; site is where in it the call begins.
func harness(f *frame, instructions []byte) (code []byte, site int) {
	b := []byte{0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x49, 0xbc} // push rbx, rbp, r12, r13; movabs f,r12
	b = binary.LittleEndian.AppendUint64(b, uint64(uintptr(unsafe.Pointer(f))))
	b = append(b,
		0x49, 0x8b, 0x3c, 0x24, 0x49, 0x8b, 0x74, 0x24, 8, 0x49, 0x8b, 0x54, 0x24, 16, 0x4d, 0x8b, 0x54, 0x24, 24,
		0x4d, 0x8b, 0x44, 0x24, 32, 0x4d, 0x8b, 0x4c, 0x24, 40, 0x49, 0x8b, 0x5c, 0x24, 48, 0x49, 0x8b, 0x6c, 0x24, 56,
		0x41, 0xff, 0x74, 0x24, 64, 0x9d) // push flags; popf
	site = len(b)
	b = append(b, instructions...)
	if instructions[0] == 0x80 { // the flag that it compares
		binary.LittleEndian.PutUint32(b[site+2:], uint32(flagOff-(harnessOff+site+7)))
	}
	b = append(b,
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

// machine is all that a process has of this, and a harness, in this process.
type machine struct {
	t      *Table
	files  *Files
	pieces *Pieces
	slate  []byte
	base   uint64 // of what would be the stub's region
	shared []byte // as processes see the table
	code   []byte // page: the code, then the harness and its landing
	frame  *frame
	patch  Patch
	word   int
	mem    self
}

// Where in the page of the code something is; the flag says that there is one thread.
const harnessOff, flagOff, landingOff = 0x800, 0xe00, 0xf00

func memfd(t *testing.T) int {
	t.Helper()
	fd, err := unix.MemfdCreate("answers", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// newMachine is for a call that is made by these instructions.
func newMachine(t *testing.T, nr int, instructions []byte) *machine {
	t.Helper()
	m := &machine{frame: new(frame)}
	var err error
	answers, files, pieces := memfd(t), memfd(t), memfd(t)
	if m.t, err = NewTable(answers); err != nil {
		t.Fatal(err)
	}
	if m.files, err = NewFiles(files); err != nil {
		t.Fatal(err)
	}
	if m.pieces, err = NewPieces(pieces); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Mmap(answers, 0, TableSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		t.Error("the table can be mapped once more to write")
	}
	// The code finds the table's beginning by its alignment.
	const align = stub.AnswersRoom
	room, err := unix.Mmap(-1, 0, 2*align+stub.RegionSize-SlateOff, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		t.Fatal(err)
	}
	at := (address(room) + page + align - 1) &^ (align - 1)
	m.base = at - TableOff
	place := func(off, size uint64, fd, prot int) []byte {
		flags := unix.MAP_SHARED | unix.MAP_FIXED
		if fd < 0 {
			flags = unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_FIXED
		}
		got, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(m.base+off), uintptr(size), uintptr(prot), uintptr(flags), uintptr(fd), 0)
		if errno != 0 || uint64(got) != m.base+off {
			t.Fatal(errno)
		}
		return room[m.base+off-address(room):][:size]
	}
	m.shared = place(TableOff, TableSize, answers, unix.PROT_READ)
	place(FilesOff, FilesSize, files, unix.PROT_READ)
	place(PieceOff, PieceSize, pieces, unix.PROT_READ)
	m.slate = place(SlateOff, page, -1, unix.PROT_READ|unix.PROT_WRITE)
	if m.code, err = unix.Mmap(-1, 0, page, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
		t.Fatal(err)
	}
	if m.mem.f, err = os.OpenFile("/proc/self/mem", os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	h, site := harness(m.frame, instructions)
	for off, b := range map[int][]byte{0: Load(), harnessOff: h, flagOff: {1}} {
		if err := m.mem.Write(address(m.code)+uint64(off), b); err != nil {
			t.Fatal(err)
		}
	}
	word, _ := m.t.Take()
	m.word = word
	m.patch, err = New(m.mem, address(m.code)+harnessOff+uint64(site+len(instructions)), address(m.code)+landingOff, nr, address(m.code), at+uint64(8*word))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// moved are the instructions of a call.
func moved(nr int) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte{0xb8}, uint32(nr)), 0x0f, 0x05)
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
			m := newMachine(t, c.nr, moved(c.nr))
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
			m.t.Control(m.word, true, c.view)
			for _, flags := range []uint64{0x202, 0x202 | 0x8d5, 0x202 | 0x801, 0x202 | 0xc4} {
				c.in.flags = flags
				want := c.in
				want.after = native.after
				want.after.rax, want.after.flags = uint64(c.want), flags
				if got := m.call(c.in); got != want {
					t.Errorf("%+v\nwant %+v", got, want)
				}
			}
			m.t.Keep(func(Key, int32) bool { return false })
			c.in.flags = native.flags
			if got := m.call(c.in); got != native {
				t.Errorf("when it does not hold any more: %+v, natively %+v", got, native)
			}
			if err := m.patch.Undo(m.mem); err != nil {
				t.Fatal(err)
			}
			if h, _ := harness(m.frame, moved(c.nr)); !bytes.Equal(m.code[harnessOff:harnessOff+len(h)], h) || !bytes.Equal(m.code[landingOff:], make([]byte, page-landingOff)) {
				t.Error("the instructions are not what they were")
			}
		})
	}
}

// What a process does with files that it reads inside itself is what it would do with them otherwise, and the slate says so.
func TestFiles(t *testing.T) {
	const cwd, fd = uint64(1<<64 - 100), 4000 // which is not open
	stat, contents := bytes.Repeat([]byte{0xa5}, statSize), bytes.Repeat([]byte("0123456789"), 1000)
	buf := make([]byte, 1<<16)
	empty := pointer("")
	name := pointer("/some/x.h")

	calls := map[string]*machine{}
	first := newMachine(t, 257, moved(257))
	calls["openat"] = first
	for call, m := range map[string]*machine{"newfstatat": newMachine(t, 262, moved(262)), "close": newMachine(t, 3, moved(3)), "read": newMachine(t, 0, asCompare)} {
		calls[call] = m
		p, err := New(m.mem, m.patch.Behind(), m.patch.Landing, int(m.patch.Nr), address(first.code), first.base+TableOff+uint64(8*first.word))
		if err != nil {
			t.Fatal(err)
		}
		m.patch = p // all with what the first has
	}
	for _, m := range calls {
		if err := m.patch.Make(m.mem); err != nil {
			t.Fatal(err)
		}
	}
	place, ok := first.files.Put(stat, contents)
	if !ok || !first.t.Put(Key{257, 0, "/some/x.h"}, int32(place)) {
		t.Fatal("not put")
	}
	first.t.Control(first.word, true, 0)
	slate := func() Slate { return ParseSlate(first.slate) }
	do := func(call string, rdi, rsi, rdx, r10 uint64) int64 {
		t.Helper()
		in := frame{rdi: rdi, rsi: rsi, rdx: rdx, r10: r10, r8: 0x1111, r9: 0x2222, rbx: 0x3333, rbp: 0x4444, flags: 0x202}
		out := calls[call].call(in)
		want := in
		want.after = out.after // of these only what follows
		got := out
		if got != want || out.after.rdi != rdi || out.after.rsi != rsi || out.after.rdx != rdx || out.after.r10 != r10 || out.after.r8 != in.r8 ||
			out.after.r9 != in.r9 || out.after.rbx != in.rbx || out.after.rbp != in.rbp {
			t.Errorf("%s changes registers: %+v", call, out)
		}
		return int64(out.after.rax)
	}
	is := func(what string, got, want int64) {
		t.Helper()
		if got != want {
			t.Errorf("%s gives %d, not %d", what, got, want)
		}
	}
	const enoent, ebadf = -2, -9
	is("openat while no file may be opened", do("openat", cwd, name, 0, 0), enoent)
	copy(first.slate, Head(true, fd))
	is("openat to write", do("openat", cwd, name, 1, 0), enoent)
	is("fstat of no file", do("newfstatat", fd, empty, address(buf), 0x1000), ebadf)
	is("openat", do("openat", cwd, name, 0x80000, 0), fd)
	if s := slate(); s.State != Open || s.FD != fd || s.Place != place || s.Flags != 0x80000 || s.Opens != 1 || s.Offset != 0 {
		t.Errorf("%+v", s)
	}
	is("openat of a second file", do("openat", cwd, name, 0, 0), enoent)
	is("fstat", do("newfstatat", fd, empty, address(buf), 0x1000), 0)
	if !bytes.Equal(buf[:statSize], stat) {
		t.Error("the state is another one")
	}
	is("fstat of another", do("newfstatat", fd+1, empty, address(buf), 0x1000), ebadf)
	at := 0
	for _, n := range []uint64{0, 1, 7, 8, 9, 4096, 3, 20000, 5} {
		clear(buf)
		want := min(int(n), len(contents)-at)
		is("read", do("read", fd, address(buf), n, 0), int64(want))
		if !bytes.Equal(buf[:want], contents[at:at+want]) || buf[want] != 0 {
			t.Errorf("read of %d bytes at %d gives others", n, at)
		}
		if at += want; slate().Offset != uint64(at) {
			t.Errorf("%+v, at %d", slate(), at)
		}
	}
	is("read of another", do("read", fd+1, address(buf), 1, 0), ebadf)
	is("close", do("close", fd, 0, 0, 0), 0)
	is("close again", do("close", fd, 0, 0, 0), ebadf)
	if s := slate(); s.State != None {
		t.Errorf("%+v", s)
	}

	is("openat again", do("openat", cwd, name, 0, 0), fd)
	first.files.Drop(place)
	is("read of a file that is dropped", do("read", fd, address(buf), 10, 0), ebadf)
	is("fstat of it", do("newfstatat", fd, empty, address(buf), 0x1000), ebadf)
	is("close of it", do("close", fd, 0, 0, 0), ebadf)
	copy(first.slate, Head(true, fd))
	is("openat of it", do("openat", cwd, name, 0, 0), enoent)
	if s := slate(); s.State == Open {
		t.Errorf("%+v", s)
	}

	copy(first.slate, Head(true, fd))
	s := slate()
	s.On, s.FD, s.Until = false, fd, ^uint64(0)>>1
	first.pieces.Put(contents[:100])
	first.pieces.Lend(first.base, &s)
	copy(first.slate, s.Bytes())
	is("read of a piece", do("read", fd, address(buf), 60, 0), 60)
	is("read behind it", do("read", fd, address(buf), 41, 0), ebadf)
	is("close of what has a piece", do("close", fd, 0, 0, 0), ebadf)
	is("read of the rest of it", do("read", fd, address(buf), 40, 0), 40)
	if !bytes.Equal(buf[:40], contents[60:100]) || slate().Offset != 100 {
		t.Errorf("%q, %+v", buf[:40], slate())
	}
	for what, change := range map[string]func(){
		"read of a piece that is too old": func() { s.Until = 1; copy(first.slate, s.Bytes()) },
		"read of one that is revoked":     func() { copy(first.slate, s.Bytes()); first.pieces.Revoke() },
	} {
		first.pieces.Lend(first.base, &s)
		s.Until = ^uint64(0) >> 1
		change()
		is(what, do("read", fd, address(buf), 1, 0), ebadf)
	}
}

func TestTicks(t *testing.T) {
	var c Ticks
	if _, ok := c.In(time.Second); ok {
		t.Error("its speed is known at once")
	}
	time.Sleep(3 * leastSpan)
	for _, d := range []time.Duration{0, 20 * time.Millisecond} {
		begun := time.Now()
		until, ok := c.In(d)
		if !ok {
			t.Fatal("its speed is not known")
		}
		for ticks() < until {
			runtime.Gosched()
		}
		if took := time.Since(begun); took < d-d/10 {
			t.Errorf("%v have passed after %v", d, took)
		}
	}
}
